//! Guessing passwords is slow: whoever is wrong too often waits, longer each time, before the next try counts for anything.
//!
//! Tries are counted per account and network, and per network. Nothing is counted against an account alone: a stranger
//! could otherwise keep its owner out from anywhere. The servers of one database tell each other what they have counted.

mod count;
mod key;
mod news;
mod shared;
mod store;
mod table;

pub use key::Guess;
pub use shared::{follow, remember, write_down};
pub use table::{Attempt, Throttle};

use std::time::Duration;

/// There were too many wrong tries from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many wrong tries; wait {0:?}")]
pub struct TooMany(pub Duration);
