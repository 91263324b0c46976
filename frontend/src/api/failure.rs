//! What can become of a call, other than its answer.

use latchkey_shared::{EndReason, ErrorCode, FieldError, Problem};
use std::time::Duration;

/// Why a call brought no answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Failure {
    /// No answer came, or not in time.
    Unreachable,
    /// The server refused, and said why.
    Refused {
        /// What the server said.
        problem: Problem,
        /// How long to wait before the next try, if the server asked for that.
        retry_after: Option<Duration>,
    },
    /// Something answered that does not speak as our server does: a proxy, or a server that is being replaced.
    InvalidResponse {
        /// The HTTP status.
        status: u16,
        /// How long to wait before the next try, if that was said.
        retry_after: Option<Duration>,
    },
    /// The server wants another proof of the session's key than the one that came, or any at all.
    ProofRejected {
        /// What the next proof has to carry; none where this browser's key is the wrong one.
        nonce: Option<String>,
    },
    /// Several tokens in a row had ended by the time the server looked at them.
    TooSlow,
    /// Nobody is signed in any more, or somebody else than when the call was made.
    SignedOut,
}

/// What the answer to a refresh says about the session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RefreshOutcome {
    /// There is none any more; why, if one was known.
    Ended(Option<EndReason>),
    /// It lives, but this browser has lost its key.
    KeyLost,
    /// Nothing: it may well live.
    Inconclusive,
}

impl Failure {
    /// The code, where the server said one.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Refused { problem, .. } => Some(problem.code),
            Self::Unreachable
            | Self::InvalidResponse { .. }
            | Self::ProofRejected { .. }
            | Self::TooSlow
            | Self::SignedOut => None,
        }
    }

    /// The fields that have to change.
    pub fn field_errors(&self) -> &[FieldError] {
        match self {
            Self::Refused { problem, .. } => &problem.errors,
            Self::Unreachable
            | Self::InvalidResponse { .. }
            | Self::ProofRejected { .. }
            | Self::TooSlow
            | Self::SignedOut => &[],
        }
    }

    /// How long the server asked to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } | Self::InvalidResponse { retry_after, .. } => *retry_after,
            Self::Unreachable | Self::ProofRejected { .. } | Self::TooSlow | Self::SignedOut => None,
        }
    }

    /// The address at which the server is to be reached, where this one is the wrong one.
    pub fn public_url(&self) -> Option<String> {
        match self {
            Self::Refused { problem, .. } => problem.public_url.clone(),
            _ => None,
        }
    }

    /// Whether another access token may help.
    pub fn needs_new_token(&self) -> bool {
        use ErrorCode::{ReplayDetected, SessionEnded, TokenExpired, TokenInvalid, TokenMissing};
        matches!(
            self.code(),
            Some(TokenExpired | TokenInvalid | TokenMissing | SessionEnded | ReplayDetected)
        )
    }

    /// Whether the connection broke or something in between failed, without a word of when to come back: the server
    /// may have acted, and would now answer. A status from 400 to 499 is an answer, whoever gave it.
    pub fn is_lost_answer(&self) -> bool {
        match self {
            Self::Unreachable => true,
            Self::InvalidResponse { status, retry_after } => {
                retry_after.is_none() && !(400..500).contains(status)
            }
            Self::Refused { .. } | Self::ProofRejected { .. } | Self::TooSlow | Self::SignedOut => false,
        }
    }

    /// Whether the server as a whole is out of reach, not just this call.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Unreachable | Self::InvalidResponse { .. } => true,
            Self::Refused { problem, .. } => problem.code == ErrorCode::Overloaded,
            Self::ProofRejected { .. } | Self::TooSlow | Self::SignedOut => false,
        }
    }

    /// What this says about the session, as the answer to a refresh. Only our server's own word ends one.
    pub fn refresh_outcome(&self) -> RefreshOutcome {
        let problem = match self {
            Self::Refused { problem, .. } => problem,
            Self::ProofRejected { nonce: None } => return RefreshOutcome::KeyLost,
            _ => return RefreshOutcome::Inconclusive,
        };
        match problem.code {
            ErrorCode::SessionEnded => {
                RefreshOutcome::Ended(Some(problem.end_reason.unwrap_or(EndReason::Expired)))
            }
            ErrorCode::ReplayDetected => RefreshOutcome::Ended(Some(EndReason::ReplayDetected)),
            ErrorCode::TokenMissing | ErrorCode::TokenExpired => RefreshOutcome::Ended(None),
            // With a reason: the token is from before a change of password. Without one nobody has said that it is old.
            ErrorCode::TokenInvalid => {
                RefreshOutcome::Ended(Some(problem.end_reason.unwrap_or(EndReason::Unknown)))
            }
            _ => RefreshOutcome::Inconclusive,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    fn refused(code: ErrorCode, end_reason: Option<EndReason>) -> Failure {
        let problem = Problem {
            kind: String::new(),
            title: String::new(),
            status: code.status(),
            code,
            detail: String::new(),
            request_id: "r".into(),
            errors: vec![],
            end_reason,
            public_url: None,
        };
        Failure::Refused { problem, retry_after: None }
    }

    #[wasm_bindgen_test]
    fn only_a_definite_answer_ends_the_session() {
        let over: Vec<_> = ErrorCode::ALL
            .into_iter()
            .filter(|code| refused(*code, None).refresh_outcome() != RefreshOutcome::Inconclusive)
            .map(|code| code.to_string())
            .collect();
        assert_eq!(
            over,
            ["token_missing", "token_expired", "token_invalid", "session_ended", "replay_detected"]
        );
        let garbled = Failure::InvalidResponse { status: 401, retry_after: None };
        for failure in [
            Failure::Unreachable,
            Failure::TooSlow,
            Failure::SignedOut,
            garbled,
            refused(ErrorCode::Unknown, None),
        ] {
            assert_eq!(failure.refresh_outcome(), RefreshOutcome::Inconclusive);
        }
    }

    #[wasm_bindgen_test]
    fn a_proof_that_the_server_does_not_take_ends_nothing() {
        // With a nonce there is nothing wrong with the key: the proof was late, or came twice.
        for (nonce, refresh_outcome) in
            [(None, RefreshOutcome::KeyLost), (Some("n".to_owned()), RefreshOutcome::Inconclusive)]
        {
            let failure = Failure::ProofRejected { nonce };
            assert_eq!(failure.refresh_outcome(), refresh_outcome);
            assert!(!failure.is_outage() && !failure.is_lost_answer() && !failure.needs_new_token());
        }
    }

    #[wasm_bindgen_test]
    fn the_servers_reason_is_passed_on() {
        let ended = refused(ErrorCode::SessionEnded, Some(EndReason::PasswordChanged));
        assert_eq!(ended.refresh_outcome(), RefreshOutcome::Ended(Some(EndReason::PasswordChanged)));
        let replay = refused(ErrorCode::ReplayDetected, None);
        assert_eq!(replay.refresh_outcome(), RefreshOutcome::Ended(Some(EndReason::ReplayDetected)));
        assert_eq!(
            refused(ErrorCode::SessionEnded, None).refresh_outcome(),
            RefreshOutcome::Ended(Some(EndReason::Expired))
        );
        let of = |reason| refused(ErrorCode::TokenInvalid, reason).refresh_outcome();
        assert_eq!(
            of(Some(EndReason::PasswordChanged)),
            RefreshOutcome::Ended(Some(EndReason::PasswordChanged))
        );
        assert_eq!(
            of(None),
            RefreshOutcome::Ended(Some(EndReason::Unknown)),
            "it may have been used a minute ago"
        );
    }

    #[wasm_bindgen_test]
    fn a_wrong_password_asks_for_no_other_token() {
        assert!(!refused(ErrorCode::CredentialsRejected, None).needs_new_token());
        assert!(refused(ErrorCode::TokenExpired, None).needs_new_token());
    }
}
