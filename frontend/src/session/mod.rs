//! The session of this browser: one state machine, shared by all tabs.
//!
//! What is hard to get right is decided by plain functions (`machine`, `stance`, `timing`); `keeper` has their decisions
//! carried out by the files after it, one for each kind of deed.

mod grant;
mod record;
mod state;

mod machine;
mod stance;
mod timing;

mod desk;
mod journal;
mod keeper;
mod waiters;

mod ahead;
mod farewell;
mod listen;
mod outage;
mod passage;
mod start;
mod supply;
mod trade;

pub use grant::{Grant, Header};
pub use journal::{Cause, Deed};
pub use keeper::Session;
pub use stance::Admission;
pub use state::State;
pub use supply::{Caller, RENEWALS};

#[cfg(test)]
mod samples;
