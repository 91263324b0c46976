//! Session of this browser: one state machine, shared by all tabs.
//!
//! Pure functions (`machine`, `token_policy`, `timing`) make the decisions that are hard to get right; `handle` has
//! them carried out by the modules that follow it, one for each kind of action.

mod state;
mod stored_session;
mod token_set;

mod machine;
mod timing;
mod token_policy;

mod activity_log;
mod handle;
mod runtime;
mod waiters;

mod browser_events;
mod pending_logout;
mod refresh;
mod refresh_timer;
mod retry;
mod sign_in_out;
mod start;
mod token_provider;

pub use activity_log::{Activity, RefreshCause};
pub use handle::SessionHandle;
pub use state::State;
pub use token_policy::PageAccess;
pub use token_provider::{Caller, MAX_REFRESHES};
pub use token_set::{TokenHeader, TokenSet};

#[cfg(test)]
mod samples;
