//! Servers under measurement, each with its own folder and database.

use super::load::bench_program;
use crate::api::Profile;
use crate::failure::{Context, Failure, Outcome};
use crate::interrupt;
use crate::process::{Process, run_checked};
use crate::temporary::TemporaryFolder;
use crate::web::{answers, spare_port};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const TIMEOUT: Duration = Duration::from_secs(60);

/// A folder with secrets, tokens and a database filled with accounts.
pub struct Dataset {
    folder: TemporaryFolder,
    database: Option<String>,
    pub people: u64,
}

/// Number of tokens to prepare.
pub struct Tokens {
    pub access: u64,
    pub refresh: u64,
}

impl Dataset {
    /// Creates a data set, on SQLite unless `database` is given.
    pub fn make(name: &str, people: u64, tokens: &Tokens, database: Option<String>) -> Outcome<Self> {
        Self::seeded(name, people, tokens, database, &[])
    }

    /// Creates a data set whose sessions are bound to a key.
    pub fn bound(name: &str, people: u64, tokens: &Tokens, database: Option<String>) -> Outcome<Self> {
        Self::seeded(name, people, tokens, database, &["--bound"])
    }

    fn seeded(
        name: &str,
        people: u64,
        tokens: &Tokens,
        database: Option<String>,
        more: &[&str],
    ) -> Outcome<Self> {
        let dataset = Self { folder: TemporaryFolder::new(&format!("bench-{name}"))?, database, people };
        let mut seed = dataset.tool("seed");
        seed.arg(people.to_string()).arg("--out").arg(dataset.path());
        seed.args(["--access", &tokens.access.to_string(), "--refresh", &tokens.refresh.to_string()])
            .args(more);
        run_checked("latchkey-bench seed", &mut seed)?;
        Ok(dataset)
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Returns a command of the `bench` program, with the server's configuration.
    pub fn tool(&self, word: &str) -> Command {
        let mut command = Command::new(bench_program());
        self.configure(&mut command);
        command.arg(word);
        command
    }

    fn configure(&self, command: &mut Command) {
        command.current_dir(self.path()).env("LATCHKEY_DATA_DIR", self.path().join("data"));
        // A run takes longer than the default of ten minutes.
        command.env("LATCHKEY_TOKENS__ACCESS_LIFETIME", "3h");
        // All clients of a run share one address.
        command.env("LATCHKEY_THROTTLE__PER_NETWORK", "100000000");
        if let Some(url) = &self.database {
            command.env("LATCHKEY_DATABASE__URL", url);
        }
    }

    /// Starts the server and waits until it is ready.
    pub fn serve(&self) -> Outcome<Server> {
        let port = spare_port()?;
        let mut serve = Command::new(Profile::Release.binary());
        self.configure(&mut serve);
        serve.arg("serve").env("LATCHKEY_LISTEN", format!("127.0.0.1:{port}")).stderr(Stdio::null());
        let begun = Instant::now();
        let mut process = Process::start("The API", &mut serve)?;
        while !answers(port, "/api/health/ready") {
            process.must_run()?;
            interrupt::check()?;
            if begun.elapsed() > TIMEOUT {
                return Err(Failure::message("The API does not become ready."));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(Server { process, port, ready_after: begun.elapsed() })
    }
}

/// A running server. It stops when it goes out of scope.
pub struct Server {
    process: Process,
    pub port: u16,
    /// Time from the start to the first successful readiness response.
    pub ready_after: Duration,
}

impl Server {
    /// Returns a line of `/proc/PID/status` in megabytes: `VmRSS` is the resident memory now, `VmHWM` its peak.
    pub fn memory(&self, line: &str) -> Outcome<f64> {
        let status = format!("/proc/{}/status", self.process.id());
        let status = fs::read_to_string(status).context("read how much memory the API takes (Linux only)")?;
        let kib = status
            .lines()
            .find_map(|text| text.strip_prefix(line)?.strip_prefix(':')?.split_whitespace().next());
        let kib: f64 = kib.unwrap_or_default().parse().context(format_args!("find {line}"))?;
        Ok(kib * 1024.0 / 1e6)
    }

    /// Returns the processor time that the server has used, in clock ticks.
    pub fn ticks(&self) -> Outcome<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id()))
            .context("read what the API took")?;
        // The name, in brackets, may contain anything; utime and stime are fields 14 and 15.
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        Ok(fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum())
    }
}

/// Starts the bare handler, which returns the same body as a `verify` request.
pub fn bare(answer: &Path) -> Outcome<Server> {
    let port = spare_port()?;
    let mut serve = Command::new(bench_program());
    serve.arg("bare").arg(port.to_string()).arg(answer);
    let begun = Instant::now();
    let process = Process::start("The bare handler", &mut serve)?;
    if !interrupt::wait_until(TIMEOUT, || Ok(answers(port, "/api/auth/verify")))? {
        return Err(Failure::message("The bare handler does not answer."));
    }
    Ok(Server { process, port, ready_after: begun.elapsed() })
}
