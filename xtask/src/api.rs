//! Building and starting the API server.

use crate::failure::Outcome;
use crate::process::{Process, run};
use crate::workspace::{cargo, command, target};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Cargo profile with which the API is compiled.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Profile {
    #[default]
    Dev,
    Release,
}

impl Profile {
    fn folder(self) -> &'static str {
        match self {
            Self::Dev => "debug",
            Self::Release => "release",
        }
    }

    /// Returns the path of the built program.
    pub fn binary(self) -> PathBuf {
        target().join(self.folder()).join("latchkey")
    }
}

/// Builds the API; returns `true` if the build succeeded.
pub fn build(profile: Profile) -> Outcome<bool> {
    run("cargo build", &mut building(profile))
}

fn building(profile: Profile) -> Command {
    let mut build = cargo();
    build.args(["build", "--package", "latchkey"]);
    if profile == Profile::Release {
        build.arg("--release");
    }
    build
}

/// Starts building the API silently and in the background. A later `build` reuses what was compiled by then, and
/// reports the errors.
pub fn build_ahead(profile: Profile) -> Outcome<Process> {
    Process::start("cargo build", building(profile).stdout(Stdio::null()).stderr(Stdio::null()))
}

/// Builds the API exactly as `cargo test` does, with the features that the tests' dependencies enable: after a run of
/// the API's tests there is nothing left to build.
pub fn build_for_tests() -> Outcome<bool> {
    run(
        "cargo build",
        cargo().args(["build", "--package", "latchkey", "--package", "latchkey-shared", "--all-targets"]),
    )
}

/// Starts the API at the address to which `trunk serve` forwards requests, with its data in ./data.
pub fn start(profile: Profile, port: u16) -> Outcome<Process> {
    let mut serve = command(&profile.binary().to_string_lossy());
    Process::start("The API", serve.arg("serve").env("LATCHKEY_LISTEN", format!("127.0.0.1:{port}")))
}
