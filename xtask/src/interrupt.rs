//! Handling of Ctrl-C and other termination signals. They do not end the process immediately: child processes are
//! stopped first.

use crate::failure::{Context, Failure, Outcome};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::{Duration, Instant};

static INTERRUPTED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Interval at which an interruption is checked for.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Installs the signal handlers.
pub fn listen() -> Outcome {
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&INTERRUPTED)).context("listen for Ctrl-C")?;
    }
    Ok(())
}

/// Fails after a termination signal.
pub fn check() -> Outcome {
    if INTERRUPTED.load(Ordering::Relaxed) { Err(Failure::Interrupted) } else { Ok(()) }
}

/// Sleeps for one interval; fails after a termination signal.
pub fn pause() -> Outcome {
    thread::sleep(POLL_INTERVAL);
    check()
}

/// Polls until `done` returns `true`; returns `false` after the time limit.
pub fn wait_until(limit: Duration, mut done: impl FnMut() -> Outcome<bool>) -> Outcome<bool> {
    let start = Instant::now();
    loop {
        if done()? {
            return Ok(true);
        }
        if start.elapsed() > limit {
            return Ok(false);
        }
        pause()?;
    }
}
