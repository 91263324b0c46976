//! Metrics of the server. They contain no person, address or token.
//!
//! Counting costs an atomic addition; labels are added to the numbers only when they are scraped.

mod counter;
mod request_metrics;

pub use counter::{OutcomeCounter, OutcomeLabel};
pub use request_metrics::RequestMetrics;

use latchkey_shared::EndReason;
use std::sync::OnceLock;

/// Counts of the server as a whole.
#[derive(Default)]
pub struct Metrics {
    /// Every request, by its route; set once the routes are known, and only if a metrics listener is configured.
    pub requests: OnceLock<RequestMetrics>,
}

/// Counts of the sessions.
#[derive(Default)]
pub struct SessionMetrics {
    /// Outcomes of refreshes.
    pub refreshes: OutcomeCounter<RefreshOutcome>,
    /// Outcomes of sign-ins.
    pub sign_ins: OutcomeCounter<SignInOutcome>,
}

/// Outcome of a refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshOutcome {
    /// Tokens of the next generation were issued.
    Rotated,
    /// Tokens of the same generation were issued again: a response was lost, or two tabs refreshed at once.
    Repeated,
    /// The session was ended: two parties had the token.
    Replayed,
    /// The session has ended.
    Ended,
    /// The session's key was not proven.
    Unproven,
    /// The token is not a valid refresh token of this server.
    Invalid,
    /// The server failed.
    Failed,
}

/// Outcome of a sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInOutcome {
    /// A session was started.
    Accepted,
    /// The address or the password is wrong.
    Rejected,
    /// There were too many failed attempts from the client's network.
    TooMany,
    /// All hashing threads were busy.
    Overloaded,
    /// The server failed.
    Failed,
}

counter::outcomes!(RefreshOutcome {
    Rotated => "rotated",
    Repeated => "repeated",
    Replayed => "replayed",
    Ended => "ended",
    Unproven => "unproven",
    Invalid => "invalid",
    Failed => "failed",
});

counter::outcomes!(SignInOutcome {
    Accepted => "accepted",
    Rejected => "rejected",
    TooMany => "throttled",
    Overloaded => "overloaded",
    Failed => "failed",
});

counter::outcomes!(EndReason {
    SignedOut => "signed_out",
    SignedOutElsewhere => "signed_out_elsewhere",
    ReplayDetected => "replay_detected",
    PasswordChanged => "password_changed",
    PasswordReset => "password_reset",
    Expired => "expired",
    TooManySessions => "too_many_sessions",
    AccountDeleted => "account_deleted",
    Admin => "admin",
    Unknown => "unknown",
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_for_which_a_session_ends_is_counted_by_its_name() {
        for reason in EndReason::ALL {
            let counter = OutcomeCounter::default();
            counter.add(reason);
            let counted: Vec<_> = counter.read().filter(|(_, count)| *count != 0).collect();
            assert_eq!(counted, [(reason.to_string().as_str(), 1)]);
        }
    }
}
