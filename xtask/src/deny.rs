//! cargo-deny: licences and sources of the dependencies, forbidden crates, and known vulnerabilities.

use crate::failure::{Failure, Outcome};
use crate::process::{output_of, run};
use crate::python;
use crate::workspace::{command, root};
use std::path::PathBuf;

/// Returns `true` if the dependencies conform to `deny.toml`, `None` if that cannot be checked here.
pub fn check() -> Outcome<Option<bool>> {
    let Some(program) = program()? else { return Ok(None) };
    let deny = || command(&program.to_string_lossy());
    let allowed = run("cargo deny", deny().args(["check", "bans", "licenses", "sources"]))?;
    if output_of(deny().args(["fetch", "db"])).is_none() {
        println!("RustSec's advisories cannot be fetched here: known vulnerabilities were not looked for.");
        return Ok(Some(allowed));
    }
    Ok(Some(run("cargo deny", deny().args(["check", "advisories"]))? && allowed))
}

/// Returns the installed program, or else a precompiled one, since building it takes many minutes.
fn program() -> Outcome<Option<PathBuf>> {
    let installed = PathBuf::from("cargo-deny");
    if output_of(command("cargo-deny").arg("--version")).is_some() {
        return Ok(Some(installed));
    }
    if !python::is_here() {
        return Ok(None);
    }
    match python::environment("cargo-deny", &root().join(".ci/cargo-deny.txt")) {
        Ok(programs) => Ok(Some(programs.join("cargo-deny"))),
        // There is no precompiled version for every machine.
        Err(Failure::Message(why)) => {
            println!("{why}");
            Ok(None)
        }
        Err(other) => Err(other),
    }
}
