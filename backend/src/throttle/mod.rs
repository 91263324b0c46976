//! Guessing passwords is slow: whoever is wrong too often waits, longer each time, before the next try counts for anything.
//!
//! Tries are counted per account and network, and per network. Nothing is counted against an account alone: a stranger
//! could otherwise keep its owner out from anywhere. The servers of one database tell each other what they have counted.

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

/// There were too many wrong tries from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many wrong tries; wait {0:?}")]
pub struct TooManyAttempts(pub Duration);
