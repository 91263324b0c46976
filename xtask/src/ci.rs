//! `cargo xtask ci`: everything that the CI runs.

use crate::failure::Outcome;
use crate::process::run;
use crate::workspace::{cargo, command, on_ci, root};
use crate::{deny, test};
use std::process::Command;

/// Arguments that select the page, and `shared` as the page uses it. The tests of `shared` do not compile for the
/// browser.
const PAGE: [&str; 4] = ["--package", "latchkey-page", "--target", "wasm32-unknown-unknown"];

/// Runs every check first, so that one run reports all that is wrong, then the tests.
pub fn run_all() -> Outcome {
    test::set_up(&test::Options::default())?;
    let mut failed = Vec::new();
    for (name, mut check) in checks() {
        println!("\n── {name} ──");
        if !run(name, &mut check)? {
            failed.push(name);
        }
    }
    println!("\n── dependencies ──");
    match deny::check()? {
        Some(true) => {}
        Some(false) => failed.push("dependencies"),
        None => {
            println!(
                "cargo-deny is missing, so the dependencies were not looked at: `cargo install cargo-deny` brings it."
            );
            failed.extend(on_ci().then_some("dependencies"));
        }
    }
    test::run(&test::Options::default(), &failed)
}

fn checks() -> Vec<(&'static str, Command)> {
    vec![
        ("formatting", with(cargo(), &["fmt", "--all", "--check"])),
        ("clippy", clippy(&["--workspace", "--exclude", "latchkey-page"])),
        ("clippy for the page", clippy(&PAGE)),
        ("types of the browser tests", with(in_e2e("npx"), &["tsc", "--noEmit"])),
    ]
}

fn clippy(packages: &[&str]) -> Command {
    with(with(with(cargo(), &["clippy"]), packages), &["--all-targets", "--", "--deny", "warnings"])
}

fn in_e2e(program: &str) -> Command {
    let mut command = command(program);
    command.current_dir(root().join("e2e"));
    command
}

fn with(mut command: Command, words: &[&str]) -> Command {
    command.args(words);
    command
}
