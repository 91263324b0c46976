//! Tools that are installed with pip, each in its own Python environment below `target`.

use crate::failure::{Context, Outcome};
use crate::process::{output_of, run_checked};
use crate::workspace::{command, target};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Returns `true` if there is a Python for which tools can be installed.
pub fn is_here() -> bool {
    let asked = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))";
    output_of(command("python3").args(["-c", asked])).is_some()
}

/// Returns the folder with the programs of `requirements`; recreates the environment when that file has changed.
pub fn environment(name: &str, requirements: &Path) -> Outcome<PathBuf> {
    let folder = target().join("python").join(name);
    let (programs, noted) = (folder.join("bin"), folder.join("requirements.txt"));
    let wanted = fs::read(requirements).context(format_args!("read {}", requirements.display()))?;
    let runs = || output_of(Command::new(programs.join("python")).args(["-c", ""])).is_some();
    if fs::read(&noted).is_ok_and(|present| present == wanted) && runs() {
        return Ok(programs);
    }
    println!("Installing {name}: a minute, once");
    run_checked("python3 -m venv", command("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    let mut install = Command::new(programs.join("python"));
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    run_checked("pip", install.arg(requirements))?;
    fs::write(&noted, wanted).context("note what is installed")?;
    Ok(programs)
}
