//! The tools that the page is built and tested with, installed where they are missing.

use crate::failure::{Failure, Outcome};
use crate::process::{output_of, run, run_checked};
use crate::workspace::{cargo, command, locked_version, root};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

const TRUNK: &str = "0.21.14";
const GECKODRIVER: &str = "0.37.1";
const WASM: &str = "wasm32-unknown-unknown";

/// Installs what building the page requires.
pub fn install_page_tools() -> Outcome {
    wasm_target()?;
    program(&Tool { name: "trunk", package: "trunk", version: TRUNK, locked: true, minutes: 5 })?;
    // Without --locked: the published lock file may contain versions that have been yanked.
    let version = locked_version("wasm-bindgen")?;
    program(&Tool {
        name: "wasm-bindgen",
        package: "wasm-bindgen-cli",
        version: &version,
        locked: false,
        minutes: 2,
    })
}

/// Installs the driver of Firefox.
pub fn geckodriver() -> Outcome {
    program(&Tool {
        name: "geckodriver",
        package: "geckodriver",
        version: GECKODRIVER,
        locked: true,
        minutes: 1,
    })
}

/// Installs what the browser tests require, apart from Chromium.
pub fn install_browser_test_tools() -> Outcome {
    let folder = root().join("e2e");
    if changed(&folder.join("node_modules/.package-lock.json")) >= changed(&folder.join("package-lock.json"))
    {
        return Ok(());
    }
    run_checked("npm ci", command("npm").arg("ci").current_dir(folder))
}

fn changed(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).and_then(|facts| facts.modified()).ok()
}

/// Paths of the browser itself on Debian and other distributions.
const CHROMIUM: [&str; 3] = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
/// The same engine without a window's frame, tabs and menus: it renders the same pages with half the work.
const HEADLESS_SHELL: &str = "/usr/bin/chromium-headless-shell";

/// Returns the path of Chromium, where the tests look for it.
pub fn chromium() -> Outcome<String> {
    first_of(&CHROMIUM)
}

/// Returns the path of Chromium; Playwright downloads it if it is neither installed nor available as a package.
pub fn provide_chromium() -> Outcome<String> {
    if let Ok(chromium) = chromium() {
        return Ok(chromium);
    }
    if output_of(Command::new("apt-get").arg("--version")).is_none() {
        install_browser_test_tools()?;
        println!("Installing Chromium for Playwright: a minute, once");
        let mut install = command("npx");
        install.current_dir(root().join("e2e")).args(["playwright", "install", "chromium"]);
        run_checked("npx playwright install chromium", &mut install)?;
    }
    chromium()
}

/// Returns the path of Playwright's own Chromium, if it has been downloaded.
fn chromium_of_playwright() -> Option<String> {
    let asked = "console.log(require('playwright-core').chromium.executablePath())";
    output_of(command("node").current_dir(root().join("e2e")).args(["-e", asked]))
}

/// Returns the path of the Chromium that runs many tests fastest.
pub fn chromium_for_tests() -> Outcome<String> {
    first_of(&[&[HEADLESS_SHELL], &CHROMIUM[..]].concat())
}

fn first_of(usual: &[&str]) -> Outcome<String> {
    let wanted = std::env::var("CHROMIUM").ok();
    let usual = usual.iter().map(|&path| path.to_owned());
    let is_there = |path: &String| Path::new(path).is_file();
    let found = wanted.into_iter().chain(usual).find(is_there);
    found.or_else(|| chromium_of_playwright().filter(is_there)).ok_or_else(|| {
        Failure::message(
            "The browser tests need Chromium: `apt-get install chromium chromium-driver`, or name it in CHROMIUM, \
             or leave them out with --no-browser.",
        )
    })
}

fn wasm_target() -> Outcome {
    let libraries = output_of(command("rustc").args(["--print", "target-libdir", "--target", WASM]));
    if libraries.is_some_and(|folder| Path::new(&folder).is_dir()) {
        return Ok(());
    }
    println!("Adding the {WASM} target");
    run_checked("rustup", command("rustup").args(["target", "add", WASM]))
}

struct Tool<'a> {
    name: &'a str,
    package: &'a str,
    version: &'a str,
    locked: bool,
    /// Build time in minutes on a machine with two cores.
    minutes: u32,
}

impl Tool<'_> {
    fn is_here(&self) -> bool {
        let answer = output_of(Command::new(self.name).arg("--version"));
        answer.is_some_and(|answer| answer.split_whitespace().nth(1) == Some(self.version))
    }

    fn spec(&self) -> String {
        format!("{}@{}", self.package, self.version)
    }
}

fn program(tool: &Tool) -> Outcome {
    if tool.is_here() {
        return Ok(());
    }
    let Tool { package, version, minutes, .. } = tool;
    println!("Installing {package} {version}: about {minutes} min on two cores, once");
    if !from_binaries(tool)? {
        from_source(tool)?;
    }
    if tool.is_here() {
        return Ok(());
    }
    let Tool { name, version, .. } = tool;
    Err(Failure::message(format!(
        "{name} {version} is installed, but PATH leads to another {name} or to none: put ~/.cargo/bin first."
    )))
}

/// Installs precompiled binaries, if cargo-binstall is installed and finds any.
fn from_binaries(tool: &Tool) -> Outcome<bool> {
    if output_of(Command::new("cargo-binstall").arg("-V")).is_none() {
        return Ok(false);
    }
    run("cargo binstall", cargo().args(["binstall", "--no-confirm", "--force", &tool.spec()]))
}

fn from_source(tool: &Tool) -> Outcome {
    let mut install = cargo();
    install.args(["install", "--force", &tool.spec()]);
    if tool.locked {
        install.arg("--locked");
    }
    // These tools mostly wait for files and for the network: halving the build time is worth more than their speed.
    install.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1");
    install.env("CARGO_PROFILE_RELEASE_LTO", "off").env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    install.env("CARGO_PROFILE_RELEASE_DEBUG", "false");
    // Compiled for this machine, whatever target the workspace is built for.
    run_checked("cargo install", install.env_remove("CARGO_BUILD_TARGET"))
}
