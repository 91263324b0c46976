//! The session of this browser: one state machine, shared by all tabs.
//!
//! What is hard to get right is decided by plain functions; `keeper` carries their decisions out.

mod grant;
mod record;
mod state;

mod machine;
mod stance;
mod timing;

mod journal;
mod keeper;
mod listen;
mod waiters;

pub use grant::{Grant, Header};
pub use journal::{Cause, Deed};
pub use keeper::Session;
pub use stance::Admission;
pub use state::State;

#[cfg(test)]
mod samples;
