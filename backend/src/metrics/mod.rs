//! What the server counts, for whoever watches it. Nothing here names a person, an address or a token.
//!
//! Counting costs an atomic addition; names are put to the numbers only when somebody asks.

mod counter;
mod openmetrics;
mod request_metrics;

pub use counter::{OutcomeCounter, OutcomeLabel};
pub use openmetrics::render_openmetrics;
pub use request_metrics::RequestMetrics;

use latchkey_shared::EndReason;
use std::sync::OnceLock;

/// The counts that belong to no part of the application alone.
#[derive(Default)]
pub struct Metrics {
    /// Every call, by its route; there once the routes are known, and only where somebody may ask.
    pub requests: OnceLock<RequestMetrics>,
    /// What refresh tokens were answered.
    pub refreshes: OutcomeCounter<RefreshOutcome>,
    /// What sign-ins came to.
    pub sign_ins: OutcomeCounter<SignInOutcome>,
}

/// What a refresh token was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshOutcome {
    /// With tokens of the next generation.
    Rotated,
    /// With tokens of the same generation again: an answer was lost, or two tabs asked at once.
    Repeated,
    /// With the end of its session: two parties held it.
    Replayed,
    /// That its session is over.
    Ended,
    /// That the session's key was not proven.
    Unproven,
    /// That it is no refresh token of this server's.
    Invalid,
    /// That the server failed.
    Failed,
}

/// What a sign-in came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInOutcome {
    /// A session.
    Accepted,
    /// The address or the password is wrong.
    Rejected,
    /// There were too many wrong tries from there.
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
