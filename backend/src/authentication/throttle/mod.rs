//! Throttling of password guesses: after too many failures the next attempt is refused for a while, longer each time.
//!
//! Attempts are counted per account and network, and per network. Nothing is counted against an account alone: a
//! stranger could otherwise lock its owner out from anywhere. The servers of one database share their counts.

mod attempt_counter;
mod counter_key;
mod counter_sync;
mod limiter;
mod pending_changes;
mod store;

pub use counter_key::AttemptScope;
pub use counter_sync::{flush_counters, load_counters, run_counter_sync};
pub use limiter::{Attempt, Throttle};

use std::time::Duration;

/// Too many failed attempts from one place, with the remaining wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many wrong tries; wait {0:?}")]
pub struct TooManyAttempts(pub Duration);
