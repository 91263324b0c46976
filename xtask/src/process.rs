//! Child processes, which are stopped together with their own children.

use crate::failure::{Context, Failure, Outcome};
use crate::interrupt;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Time that a program has to exit before it is killed.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Time without output after which a runner is considered hung. It may first have to build something, which prints
/// nothing.
const OUTPUT_TIMEOUT: Duration = Duration::from_mins(20);

/// A running program in its own process group. Dropping it stops the program.
pub struct Process {
    name: String,
    child: Child,
    stop_signal: Signal,
    has_ended: bool,
}

impl Process {
    /// Starts a program that is stopped with SIGTERM.
    pub fn start(name: &str, command: &mut Command) -> Outcome<Self> {
        command.stdin(Stdio::null()).process_group(0);
        let child = command.spawn().context(format_args!("start {name}"))?;
        Ok(Self { name: name.to_owned(), child, stop_signal: Signal::SIGTERM, has_ended: false })
    }

    /// Sets another signal with which the program is stopped.
    pub fn stop_with(mut self, signal: Signal) -> Self {
        self.stop_signal = signal;
        self
    }

    /// Returns the process ID.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Returns the exit status if the program has ended.
    pub fn ended(&mut self) -> Outcome<Option<ExitStatus>> {
        let status = self.child.try_wait().context(format_args!("look after {}", self.name))?;
        if status.is_some() && !self.has_ended {
            self.has_ended = true;
            // Kills the processes that the program left behind in its group.
            self.signal(Signal::SIGKILL);
        }
        Ok(status)
    }

    /// Fails with a message if the program has ended.
    pub fn must_run(&mut self) -> Outcome {
        match self.ended()? {
            None => Ok(()),
            Some(status) => Err(Failure::message(format!("{} has ended by itself ({status}).", self.name))),
        }
    }

    /// Waits for the program to end; returns `true` if it succeeded.
    pub fn wait(mut self) -> Outcome<bool> {
        let status = self.wait_unless(|| false)?;
        Ok(status.is_some_and(|status| status.success()))
    }

    /// Waits for the program to end, or until `hangs` returns `true`; an interruption stops it.
    fn wait_unless(&mut self, mut hangs: impl FnMut() -> bool) -> Outcome<Option<ExitStatus>> {
        loop {
            let status = self.ended()?;
            if status.is_some() || hangs() {
                return Ok(status);
            }
            interrupt::pause()?;
        }
    }

    /// Signals the program to exit, and kills it after the timeout.
    pub fn stop(&mut self) {
        if self.has_ended {
            return;
        }
        self.signal(self.stop_signal);
        let asked = Instant::now();
        while asked.elapsed() < TIMEOUT && matches!(self.ended(), Ok(None)) {
            thread::sleep(Duration::from_millis(20));
        }
        if !self.has_ended {
            self.signal(Signal::SIGKILL);
            self.has_ended = self.child.wait().is_ok();
        }
    }

    fn signal(&self, signal: Signal) {
        // An error here means that no process is left in the group.
        if let Ok(group) = i32::try_from(self.child.id()) {
            let _nobody_left = killpg(Pid::from_raw(group), signal);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Runs a program to its end; returns `true` if it succeeded.
pub fn run(name: &str, command: &mut Command) -> Outcome<bool> {
    Process::start(name, command)?.wait()
}

/// Runs a program; fails if it does not succeed.
pub fn run_checked(name: &str, command: &mut Command) -> Outcome {
    if run(name, command)? { Ok(()) } else { Err(Failure::message(format!("{name} failed; see above."))) }
}

/// Runs a program, prints and collects the lines of its standard output. A program that hangs is stopped and counts as
/// failed.
pub fn run_and_read(name: &str, command: &mut Command) -> Outcome<(bool, Vec<String>)> {
    run_and_read_unless_silent(name, command, OUTPUT_TIMEOUT)
}

fn run_and_read_unless_silent(
    name: &str,
    command: &mut Command,
    silence: Duration,
) -> Outcome<(bool, Vec<String>)> {
    let mut process = Process::start(name, command.stdout(Stdio::piped()))?;
    let printed = lines_of(process.child.stdout.take());
    let (mut lines, mut last) = (Vec::new(), Instant::now());
    let mut show = |line: String| {
        println!("{line}");
        lines.push(line);
    };
    let status = process.wait_unless(|| {
        for line in printed.try_iter() {
            show(line);
            last = Instant::now();
        }
        last.elapsed() > silence
    })?;
    if status.is_none() {
        println!("{name} has printed nothing for {silence:?}, and is stopped.");
        process.stop();
    }
    // A process that it left behind may keep its output open forever.
    let over = Instant::now() + TIMEOUT;
    while let Ok(line) = printed.recv_timeout(over.saturating_duration_since(Instant::now())) {
        show(line);
    }
    Ok((status.is_some_and(|status| status.success()), lines))
}

/// Reads lines as they are printed.
fn lines_of(output: Option<ChildStdout>) -> Receiver<String> {
    let (found, lines) = channel();
    thread::spawn(move || {
        let all = output.into_iter().flat_map(|output| BufReader::new(output).split(b'\n'));
        for line in all.map_while(Result::ok) {
            // The receiver is gone once the program has ended.
            let _over = found.send(String::from_utf8_lossy(&line).into_owned());
        }
    });
    lines
}

/// Returns a program's output if it is installed and succeeds.
pub fn output_of(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stopping_a_program_stops_what_it_started() {
        let folder = std::env::temp_dir().join(format!("latchkey-process-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let note = folder.join("child");
        let script = format!("sleep 60 & echo $! > {0}.new && mv {0}.new {0}; wait", note.display());
        let mut process = Process::start("sh", Command::new("sh").args(["-c", &script])).unwrap();
        assert!(interrupt::wait_until(TIMEOUT, || Ok(note.exists())).unwrap());
        let child: i32 = std::fs::read_to_string(&note).unwrap().trim().parse().unwrap();
        process.stop();
        let gone = || Ok(!runs(child));
        assert!(interrupt::wait_until(TIMEOUT, gone).unwrap());
        std::fs::remove_dir_all(folder).unwrap();
    }

    /// Returns `true` if the process is running; a zombie that has not been reaped yet does not count.
    fn runs(pid: i32) -> bool {
        let state = output_of(Command::new("ps").args(["-o", "stat=", "-p", &pid.to_string()]));
        state.is_some_and(|state| !state.is_empty() && !state.starts_with('Z'))
    }

    #[test]
    fn a_program_that_ends_by_itself_is_noticed() {
        let mut process = Process::start("true", &mut Command::new("true")).unwrap();
        assert!(interrupt::wait_until(TIMEOUT, || Ok(process.must_run().is_err())).unwrap());
    }

    #[test]
    fn the_output_is_read_to_its_end() {
        let (succeeded, lines) =
            run_and_read("sh", Command::new("sh").args(["-c", "echo one; printf two; exit 3"])).unwrap();
        assert!(!succeeded);
        assert_eq!(lines, ["one", "two"]);
    }

    #[test]
    fn a_program_that_hangs_is_stopped_and_has_failed() {
        let mut hangs = Command::new("sh");
        hangs.args(["-c", "echo one; sleep 600; echo two"]);
        let ran = run_and_read_unless_silent("sh", &mut hangs, Duration::from_secs(1)).unwrap();
        assert_eq!(ran, (false, vec!["one".to_owned()]));
    }

    #[test]
    fn whoever_keeps_the_output_open_holds_nobody_up() {
        let mut leaves = Command::new("sh");
        leaves.args(["-c", "setsid sleep 120 & echo one"]);
        let start = Instant::now();
        let ran = run_and_read("sh", &mut leaves).unwrap();
        assert_eq!(ran, (true, vec!["one".to_owned()]));
        assert!(start.elapsed() < Duration::from_secs(120), "it waited for whoever was left behind");
    }
}
