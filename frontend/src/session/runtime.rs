//! What lies around while the session is kept: plans, pauses, and who waits for what.

use super::activity_log::RefreshCause;
use super::waiters::Waiters;
use crate::platform::clock::Timer;
use latchkey_shared::Timestamp;
use std::time::Duration;
use uuid::Uuid;

/// What the keeper notes beside the state. Nothing here decides whether somebody is signed in.
#[derive(Default)]
pub struct Runtime {
    /// Whether local storage took the last record; if not, this tab goes by its own memory.
    pub storage_available: bool,
    /// Why the next token is being asked for, while it is.
    pub in_flight: Option<RefreshCause>,
    /// Calls that wait for the session's next change.
    pub waiters: Waiters,
    /// Whether the server is being asked if the session lives, because the person has come back to the tab.
    pub checking: bool,
    /// Whether the person has done anything in this tab since the last token came.
    pub used: bool,
    /// When the next token is due.
    pub due: Timestamp,
    /// Looks again when the next token is due.
    pub refresh_timer: Option<Timer>,
    /// Asks for the next token a moment after answers have overtaken one another.
    pub refresh_soon_timer: Option<Timer>,
    /// How often the server was asked in a row without a usable answer.
    pub consecutive_failures: u32,
    /// How often it was tried to heal an interruption.
    pub attempt: u32,
    /// Tries again after an interruption.
    pub retry_timer: Option<Timer>,
    /// How long the server asked not to be asked.
    pub retry_after: Option<Duration>,
    /// Until when that is.
    pub paused_until: Timestamp,
    /// How many sign-outs the server is being told of until it has heard.
    pub pending_logouts: u32,
    /// How many of them it is being told of at this moment, by the cookie.
    pub logouts_in_flight: u32,
    /// Whether the person is being signed in at this moment.
    pub signing_in: bool,
    /// Whose deeds the token's log holds.
    pub log_account: Option<Uuid>,
}
