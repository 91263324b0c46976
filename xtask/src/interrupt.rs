//! Ctrl-C and its relatives. Nothing dies of them on the spot: whatever was started is stopped first.

use crate::failure::{Context, Failure, Outcome};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::{Duration, Instant};

static INTERRUPTED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// How soon an interruption is noticed.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Starts to listen.
pub fn listen() -> Outcome {
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&INTERRUPTED)).context("listen for Ctrl-C")?;
    }
    Ok(())
}

/// Fails once somebody has asked us to stop.
pub fn check() -> Outcome {
    if INTERRUPTED.load(Ordering::Relaxed) { Err(Failure::Interrupted) } else { Ok(()) }
}

/// Waits for one beat, or fails when somebody asks us to stop.
pub fn pause() -> Outcome {
    thread::sleep(POLL_INTERVAL);
    check()
}

/// Asks again and again until `done` says yes; `false` when that took too long.
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
