//! Building and serving the page with Trunk.

use crate::failure::{Context, Outcome};
use crate::process::{Process, run, run_checked};
use crate::workspace::{cargo_home, command, root, target};
use crate::{tools, wasm};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Builds the page for release. Its folder is not `dist`, which belongs to a `trunk serve` that may be running.
pub fn build() -> Outcome<Option<PathBuf>> {
    let folder = target().join("page");
    let mut build = trunk();
    // In the other order, `--release` would take the file name for its value.
    build.args(["build", "index.html", "--release", "--dist"]).arg(&folder);
    remap_paths(&mut build);
    if !run("trunk build", &mut build)? {
        return Ok(None);
    }
    shrink(&folder)?;
    Ok(Some(folder))
}

/// Starts compiling the page for release, silently and at low priority. A later build reuses what was compiled by then.
pub fn compile_ahead() -> Outcome<Process> {
    let mut compile = command("nice");
    compile.args(["-n", "19", "cargo", "build", "--package", "latchkey-page"]);
    compile.args(["--target", "wasm32-unknown-unknown", "--profile", "wasm-release"]);
    compile.stdout(Stdio::null()).stderr(Stdio::null());
    remap_paths(&mut compile);
    Process::start("cargo build", &mut compile)
}

/// Variable from which Cargo reads further flags; it adds them to those of `.cargo/config.toml`.
const FLAGS: &str = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS";

/// Removes this machine's folders from the page's panic messages. The page has one release profile, so the flags do not
/// invalidate the cache of another build.
fn remap_paths(build: &mut Command) {
    let mut flags = std::env::var(FLAGS).unwrap_or_default();
    let sources = cargo_home().join("registry/src");
    let registries = fs::read_dir(sources).into_iter().flatten().flatten().map(|entry| entry.path());
    // Sorted by name: other flags, or the same ones in another order, cause a rebuild.
    let mut folders: Vec<_> = registries.chain([root()]).collect();
    folders.sort_unstable();
    for folder in folders {
        flags.push_str(&remap_flag(&folder).unwrap_or_default());
    }
    build.env(FLAGS, flags.trim_start());
}

/// Returns the flag that remaps paths below this folder. Cargo splits flags at spaces, so a folder with a space in its
/// name is not remapped.
fn remap_flag(folder: &Path) -> Option<String> {
    let folder = folder.to_str().filter(|name| !name.contains(char::is_whitespace))?;
    Some(format!(" --remap-path-prefix={folder}/="))
}

/// Minifies the scripts and the WebAssembly. Trunk cannot parse the output of wasm-bindgen, and copies other scripts
/// unchanged.
fn shrink(folder: &Path) -> Outcome {
    tools::install_browser_test_tools()?;
    for entry in fs::read_dir(folder).context("list the page's files")? {
        let file = entry.context("list the page's files")?.path();
        match file.extension().and_then(OsStr::to_str) {
            Some("js") => minify(&file)?,
            Some("wasm") => wasm::strip(&file)?,
            _ => {}
        }
    }
    Ok(())
}

/// Minifies a script: removes comments and indentation, and shortens names.
fn minify(script: &Path) -> Outcome {
    let mut terser = command("npx");
    terser.current_dir(root().join("e2e")).arg("terser").arg(script).arg("--output").arg(script);
    terser.args(["--compress", "passes=2,keep_fargs=false", "--mangle", "--comments", "false"]);
    // `early.js`, the only script that is no module, runs before the first paint.
    if script.file_name().is_some_and(|name| name != "early.js") {
        terser.arg("--module");
    }
    run_checked("terser", &mut terser)
}

/// Builds the page for developers, with a page that shows all components.
pub fn build_for_developers() -> Outcome<Option<PathBuf>> {
    let folder = target().join("page-of-developers");
    let mut build = trunk();
    build.args(["build", "index.html", "--dist"]).arg(&folder);
    Ok(run("trunk build", &mut build)?.then_some(folder))
}

/// Serves the page, and rebuilds it when its code changes.
pub fn serve(port: u16) -> Outcome<Process> {
    Process::start("trunk serve", trunk().args(["serve", "--port", &port.to_string()]))
}

fn trunk() -> Command {
    let mut trunk = command("trunk");
    trunk.env("TRUNK_SKIP_VERSION_CHECK", "true");
    if std::env::var_os("NO_COLOR").is_some() {
        // Trunk accepts only `true`, where other programs accept any value.
        trunk.env("NO_COLOR", "true");
    }
    trunk
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_built_without_the_folders_of_this_machine() {
        let mut build = Command::new("trunk");
        remap_paths(&mut build);
        let flags = build.get_envs().find(|(name, _)| *name == FLAGS).unwrap().1.unwrap().to_str().unwrap();
        for folder in [cargo_home().join("registry/src"), root()] {
            let flag = format!("--remap-path-prefix={}/", folder.display());
            assert!(flags.split(' ').any(|part| part.starts_with(&flag) && part.ends_with("/=")), "{flags}");
        }
        assert_eq!(remap_flag(Path::new("/a b")), None);
    }
}
