//! Runtime data of the session besides its state: timers, requests in flight, and waiting tasks.

use super::activity_log::RefreshCause;
use super::waiters::Waiters;
use crate::platform::clock::Timer;
use latchkey_shared::Timestamp;
use std::time::Duration;
use uuid::Uuid;

/// Runtime data kept next to the state. None of it decides whether a user is signed in.
#[derive(Default)]
pub struct Runtime {
    /// True if the last write to local storage succeeded; if not, this tab relies on its own memory.
    pub storage_available: bool,
    /// Cause of the refresh in flight, if there is one.
    pub in_flight: Option<RefreshCause>,
    /// Tasks that wait for the session's next change.
    pub waiters: Waiters,
    /// True while a request checks whether the session is still active, after the user returned to the tab or the
    /// browser went offline.
    pub checking: bool,
    /// True if the user has interacted with this tab since the last token arrived.
    pub used: bool,
    /// Time at which the next token is due.
    pub due: Timestamp,
    /// Timer that checks again when the next token is due.
    pub refresh_timer: Option<Timer>,
    /// Timer that requests the next token shortly after responses arrived out of order.
    pub refresh_soon_timer: Option<Timer>,
    /// Number of consecutive requests without a usable response.
    pub consecutive_failures: u32,
    /// Number of retries since the interruption began.
    pub attempt: u32,
    /// Timer for the next retry after an interruption.
    pub retry_timer: Option<Timer>,
    /// Delay that the server requested before the next request.
    pub retry_after: Option<Duration>,
    /// Time at which that delay ends.
    pub paused_until: Timestamp,
    /// Number of sign-outs that are repeated until the server confirms them.
    pub pending_logouts: u32,
    /// Number of those that have a request with the cookie in flight.
    pub logouts_in_flight: u32,
    /// True while a sign-in is in progress.
    pub signing_in: bool,
    /// Account whose activities the token's log contains.
    pub log_account: Option<Uuid>,
}
