//! Schemathesis: requests generated from the API's description, with every response checked against it.

use crate::api::{self, Profile};
use crate::counts::Counts;
use crate::failure::{Failure, Outcome};
use crate::process::{Process, run_and_read};
use crate::temporary::TemporaryFolder;
use crate::web::{answers, spare_port};
use crate::workspace::root;
use crate::{interrupt, python};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Reason for which the part may be skipped, and its remedy.
pub const NO_PYTHON: &str = "There is no Python 3.11 or newer with venv, so the API was not held against its description: `apt-get install python3-venv` brings it.";

const TIMEOUT: Duration = Duration::from_secs(60);

/// Extent of the generated requests.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Size {
    /// Number of requests for each operation, for each way of generating them.
    pub examples: u32,
    /// Seed of the random number generator.
    pub seed: u32,
}

impl Default for Size {
    fn default() -> Self {
        Self { examples: 100, seed: 1 }
    }
}

/// Runs Schemathesis against a server of its own; counts operations.
pub fn run_on(size: Size) -> Outcome<Counts> {
    let programs = python::environment("schemathesis", &settings().join("requirements.txt"))?;
    if !api::build_for_tests()? {
        return Ok(Counts::failure("the API does not build"));
    }
    let folder = TemporaryFolder::new("schema")?;
    let port = spare_port()?;
    let mut server = Process::start("The API", &mut serve(&folder, port))?;
    let ready = interrupt::wait_until(TIMEOUT, || {
        server.must_run()?;
        Ok(answers(port, "/api/health/ready"))
    })?;
    if !ready {
        return Err(Failure::message("The API does not become ready."));
    }
    let (succeeded, lines) =
        run_and_read("Schemathesis", &mut schemathesis(&programs.join("python"), port, size))?;
    server.must_run()?;
    Ok(counts(succeeded, &lines))
}

/// Returns the command of the server, without waits after failed attempts: otherwise all but the first requests would
/// be throttled.
fn serve(folder: &TemporaryFolder, port: u16) -> Command {
    let mut serve = Command::new(Profile::Dev.binary());
    serve.arg("serve").current_dir(folder.path()).stderr(Stdio::null());
    serve.env("LATCHKEY_DATA_DIR", folder.path().join("data"));
    serve.env("LATCHKEY_LISTEN", format!("127.0.0.1:{port}"));
    serve.env("LATCHKEY_THROTTLE__PER_ACCOUNT", "1000000").env("LATCHKEY_THROTTLE__PER_NETWORK", "1000000");
    serve
}

fn settings() -> PathBuf {
    root().join("backend/schemathesis")
}

/// Returns the command of Schemathesis, run as a module: the folder may have been copied from elsewhere, and a script
/// would still contain the old path.
fn schemathesis(python: &Path, port: u16, size: Size) -> Command {
    let mut command = Command::new(python);
    command.current_dir(settings()).args(["-m", "schemathesis.cli", "--no-color", "run"]);
    command.arg(format!("http://127.0.0.1:{port}/api/openapi.json"));
    command.args(["--max-examples", &size.examples.to_string(), "--seed", &size.seed.to_string()]);
    // Hypothesis would store failed examples; a run must depend on nothing but its seed.
    command.args(["--generation-database", "none"]);
    command
}

/// Parses the summary: the number of operations tested, and the number of different failures.
fn counts(succeeded: bool, lines: &[String]) -> Counts {
    let number = |text: &str| text.split(['/', ' ']).next().and_then(|number| number.parse::<u64>().ok());
    let tested = lines.iter().find_map(|line| number(line.trim().strip_prefix("Tested: ")?));
    if succeeded && let Some(passed) = tested {
        return Counts::passed(passed);
    }
    let last = lines.last().map(|line| line.trim_matches(['=', ' '])).unwrap_or_default();
    let failed = if last.contains("failure") { number(last) } else { None };
    failures(failed.unwrap_or(1))
}

fn failures(failed: u64) -> Counts {
    Counts { failed, ..Counts::failure("what Schemathesis found") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn the_summary_tells_how_many_kinds_of_calls_were_tried() {
        let good = lines(
            "API Operations:\n  Selected: 17/17\n  Tested: 17\n\n====== No issues found in 10.29s ======",
        );
        assert_eq!(counts(true, &good), Counts::passed(17));
        let bad = lines("  Tested: 17\n====== 7 failures, 1 warning in 3.26s ======");
        assert_eq!(counts(false, &bad), failures(7));
    }

    #[test]
    fn a_run_that_tested_nothing_has_failed() {
        assert_eq!(counts(true, &lines("")), failures(1));
        assert_eq!(counts(false, &lines("Traceback")), failures(1));
    }
}
