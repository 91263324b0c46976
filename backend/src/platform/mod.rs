//! What the machine gives: the time and randomness. Both reach the domain as arguments, so that tests can hold them still.

mod clock;
mod randomness;

pub use clock::{Clock, SystemClock, TestClock};
pub use randomness::{OsRandomness, Randomness};
