//! Load generation with wrk, and the program of the `bench` folder.

use crate::failure::{Context, Failure, Outcome};
use crate::interrupt;
use crate::process::output_of;
use crate::workspace::{root, target};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Requests on a number of concurrent connections, each of which sends the next one as soon as it has a response.
pub struct Load<'a> {
    /// Script in bench/wrk.
    pub script: &'a str,
    pub port: u16,
    pub path: &'a str,
    pub threads: usize,
    pub connections: usize,
    pub seconds: u32,
    /// Folder with the lists of tokens.
    pub lists: &'a Path,
    /// Further arguments of the script.
    pub more: Vec<String>,
}

/// Result of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answers {
    /// Successful responses per second.
    pub per_second: f64,
    /// Median latency in microseconds.
    pub p50: f64,
    pub p99: f64,
    /// Number of requests without a response, or with one other than success.
    pub failed: u64,
}

impl Load<'_> {
    /// Runs the load to its end.
    pub fn run(&self) -> Outcome<Answers> {
        interrupt::check()?;
        let mut wrk = Command::new("wrk");
        wrk.args(["--timeout", "30s", "-t", &self.threads.to_string(), "-c", &self.connections.to_string()]);
        wrk.arg("-d").arg(format!("{}s", self.seconds));
        wrk.arg("-s").arg(root().join("bench/wrk").join(self.script));
        wrk.arg(format!("http://127.0.0.1:{}{}", self.port, self.path))
            .arg("--")
            .arg(self.lists)
            .args(&self.more);
        let told = output_of(&mut wrk).ok_or_else(|| Failure::message("wrk failed."))?;
        interrupt::check()?;
        numbers(&told)
            .ok_or_else(|| Failure::message(format!("wrk says something else than expected:\n{told}")))
    }

    /// Runs the load; fails if any request failed.
    pub fn run_checked(&self) -> Outcome<Answers> {
        let answers = self.run()?;
        if answers.failed > 0 {
            let Self { path, connections, .. } = self;
            let failed = answers.failed;
            return Err(Failure::message(format!(
                "{failed} calls of {path} by {connections} clients failed."
            )));
        }
        Ok(answers)
    }
}

fn numbers(told: &str) -> Option<Answers> {
    let line = told.lines().find_map(|line| line.strip_prefix("NUMBERS "))?;
    let numbers: Vec<f64> = line.split(' ').map_while(|number| number.parse().ok()).collect();
    let [requests, micros, p50, p99, cut, refused] = numbers[..] else { return None };
    Some(Answers {
        per_second: (requests - refused) / micros * 1e6,
        p50,
        p99,
        failed: (cut + refused) as u64,
    })
}

/// Returns the path of the program that is built from the workspace's `bench` folder.
pub fn bench_program() -> PathBuf {
    target().join("release/latchkey-bench")
}

/// Runs a command and parses its output as one number.
pub fn number(command: &mut Command) -> Outcome<f64> {
    interrupt::check()?;
    let told = output_of(command).ok_or_else(|| Failure::message("latchkey-bench failed."))?;
    told.trim().parse().context(format_args!("read the number {told:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_found_among_what_wrk_says() {
        let told = "Running 2s test\nNUMBERS 3000 2000000 41 350 1 2\n";
        let answers = Answers { per_second: 1499.0, p50: 41.0, p99: 350.0, failed: 3 };
        assert_eq!(numbers(told), Some(answers));
        assert_eq!(numbers("Running 2s test"), None);
    }
}
