//! The page, built and served by Trunk.

use crate::failure::Outcome;
use crate::process::{Process, run};
use crate::workspace::{command, target};
use std::path::PathBuf;
use std::process::Command;

/// Builds the page as people get it. It lies apart from `dist`, which belongs to a `trunk serve` that may be running.
pub fn build() -> Outcome<Option<PathBuf>> {
    let folder = target().join("page");
    let mut build = trunk();
    // In the other order `--release` takes the file name for its value.
    build.args(["build", "index.html", "--release", "--dist"]).arg(&folder);
    Ok(run("trunk build", &mut build)?.then_some(folder))
}

/// Builds it as developers have it, with all components on a page of their own.
pub fn build_for_developers() -> Outcome<Option<PathBuf>> {
    let folder = target().join("page-of-developers");
    let mut build = trunk();
    build.args(["build", "index.html", "--dist"]).arg(&folder);
    Ok(run("trunk build", &mut build)?.then_some(folder))
}

/// Serves the page, rebuilding it as its code changes.
pub fn serve(port: u16) -> Outcome<Process> {
    Process::start("trunk serve", trunk().args(["serve", "--port", &port.to_string()]))
}

fn trunk() -> Command {
    let mut trunk = command("trunk");
    trunk.env("TRUNK_SKIP_VERSION_CHECK", "true");
    if std::env::var_os("NO_COLOR").is_some() {
        // Trunk takes only `true`, where everybody else takes any value.
        trunk.env("NO_COLOR", "true");
    }
    trunk
}
