//! Failures of requests.

use latchkey_shared::{EndReason, ErrorCode, FieldError, Problem};
use std::time::Duration;

/// Reason why a request returned no usable response.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Failure {
    /// No response arrived, or none in time.
    Unreachable,
    /// The server refused the request with a problem document.
    Refused {
        /// The server's description of the problem.
        problem: Problem,
        /// Time to wait before the next try, if the server requested it.
        retry_after: Option<Duration>,
    },
    /// The response is not in our server's format: it comes from a proxy, or from a server that is being replaced.
    InvalidResponse {
        /// HTTP status.
        status: u16,
        /// Time to wait before the next try, if the response requested it.
        retry_after: Option<Duration>,
    },
    /// The server requires a proof of the session's key: the request had none, or one that it does not accept.
    ProofRejected {
        /// Nonce that the next proof must contain; none if this browser's key is the wrong one.
        nonce: Option<String>,
    },
    /// Several tokens in a row had expired by the time the server checked them.
    TooSlow,
    /// No user is signed in any more, or another one than when the request was made.
    SignedOut,
}

/// Consequence of a failed refresh for the session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RefreshOutcome {
    /// There is no session any more; contains the reason, if one was known.
    Ended(Option<EndReason>),
    /// The session is active, but this browser has lost its key.
    KeyLost,
    /// None: the session may well be active.
    Inconclusive,
}

impl Failure {
    /// Returns the error code, if the server sent one.
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

    /// Returns the invalid fields of the request.
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

    /// Returns how long the server asked to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } | Self::InvalidResponse { retry_after, .. } => *retry_after,
            Self::Unreachable | Self::ProofRejected { .. } | Self::TooSlow | Self::SignedOut => None,
        }
    }

    /// Returns the address at which the server can be reached, if this one is wrong.
    pub fn public_url(&self) -> Option<String> {
        match self {
            Self::Refused { problem, .. } => problem.public_url.clone(),
            _ => None,
        }
    }

    /// Returns whether another access token may help.
    pub fn needs_new_token(&self) -> bool {
        use ErrorCode::{ReplayDetected, SessionEnded, TokenExpired, TokenInvalid, TokenMissing};
        matches!(
            self.code(),
            Some(TokenExpired | TokenInvalid | TokenMissing | SessionEnded | ReplayDetected)
        )
    }

    /// Returns whether the connection broke or an intermediary failed, without a time to retry: the server may have
    /// acted on the request, and may respond now. A status from 400 to 499 is a response, whoever sent it.
    pub fn is_lost_answer(&self) -> bool {
        match self {
            Self::Unreachable => true,
            Self::InvalidResponse { status, retry_after } => {
                retry_after.is_none() && !(400..500).contains(status)
            }
            Self::Refused { .. } | Self::ProofRejected { .. } | Self::TooSlow | Self::SignedOut => false,
        }
    }

    /// Returns whether the whole server is unreachable, not just for this request.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Unreachable | Self::InvalidResponse { .. } => true,
            Self::Refused { problem, .. } => problem.code == ErrorCode::Overloaded,
            Self::ProofRejected { .. } | Self::TooSlow | Self::SignedOut => false,
        }
    }

    /// Returns the consequence for the session, if this is the failure of a refresh. Only our server's own problem
    /// document ends a session.
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
            // With a reason, the token is from before a password change. Without one, nothing shows that it is old.
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
        // With a nonce, the key is not at fault: the proof was late, or arrived twice.
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
