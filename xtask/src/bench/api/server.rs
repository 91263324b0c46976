//! Servers to be measured, each with a folder and a database of its own.

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

/// A folder with secrets, tokens and a database full of people.
pub struct Dataset {
    folder: TemporaryFolder,
    database: Option<String>,
    pub people: u64,
}

/// How many tokens are prepared.
pub struct Tokens {
    pub access: u64,
    pub refresh: u64,
}

impl Dataset {
    /// Makes one; on SQLite unless a database is named.
    pub fn make(name: &str, people: u64, tokens: &Tokens, database: Option<String>) -> Outcome<Self> {
        Self::seeded(name, people, tokens, database, &[])
    }

    /// Makes one whose sessions are bound to a key.
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

    /// The bench's own program, configured as the server is.
    pub fn tool(&self, word: &str) -> Command {
        let mut command = Command::new(bench_program());
        self.configure(&mut command);
        command.arg(word);
        command
    }

    fn configure(&self, command: &mut Command) {
        command.current_dir(self.path()).env("LATCHKEY_DATA_DIR", self.path().join("data"));
        // A run outlasts ten minutes.
        command.env("LATCHKEY_TOKENS__ACCESS_LIFETIME", "3h");
        // A crowd comes from one address here.
        command.env("LATCHKEY_THROTTLE__PER_NETWORK", "100000000");
        if let Some(url) = &self.database {
            command.env("LATCHKEY_DATABASE__URL", url);
        }
    }

    /// Starts the server, and waits until it can serve.
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
    /// From its start to its first answer that it is ready.
    pub ready_after: Duration,
}

impl Server {
    /// A line of what Linux tells about its memory, in megabytes: `VmRSS` is resident now, `VmHWM` was at most.
    pub fn memory(&self, line: &str) -> Outcome<f64> {
        let status = format!("/proc/{}/status", self.process.id());
        let status = fs::read_to_string(status).context("read how much memory the API takes (Linux only)")?;
        let kib = status
            .lines()
            .find_map(|text| text.strip_prefix(line)?.strip_prefix(':')?.split_whitespace().next());
        let kib: f64 = kib.unwrap_or_default().parse().context(format_args!("find {line}"))?;
        Ok(kib * 1024.0 / 1e6)
    }

    /// The processor time it has taken, in clock ticks.
    pub fn ticks(&self) -> Outcome<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id()))
            .context("read what the API took")?;
        // The name, in brackets, may hold anything; utime and stime are the 14th and 15th of all.
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        Ok(fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum())
    }
}

/// The bare handler that answers what a checked call answers.
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
