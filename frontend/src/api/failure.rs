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
    Garbled {
        /// The HTTP status.
        status: u16,
        /// How long to wait before the next try, if that was said.
        retry_after: Option<Duration>,
    },
    /// The server wants another proof of the session's key than the one that came, or any at all.
    Unproven {
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
pub enum Verdict {
    /// There is none any more; why, if one was known.
    Over(Option<EndReason>),
    /// It lives, but this browser has lost its key.
    KeyLost,
    /// Nothing: it may well live.
    Undecided,
}

impl Failure {
    /// The code, where the server said one.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Refused { problem, .. } => Some(problem.code),
            Self::Unreachable
            | Self::Garbled { .. }
            | Self::Unproven { .. }
            | Self::TooSlow
            | Self::SignedOut => None,
        }
    }

    /// The fields that have to change.
    pub fn field_errors(&self) -> &[FieldError] {
        match self {
            Self::Refused { problem, .. } => &problem.errors,
            Self::Unreachable
            | Self::Garbled { .. }
            | Self::Unproven { .. }
            | Self::TooSlow
            | Self::SignedOut => &[],
        }
    }

    /// How long the server asked to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } | Self::Garbled { retry_after, .. } => *retry_after,
            Self::Unreachable | Self::Unproven { .. } | Self::TooSlow | Self::SignedOut => None,
        }
    }

    /// The address at which the server is to be reached, where this one is the wrong one.
    pub fn right_address(&self) -> Option<String> {
        match self {
            Self::Refused { problem, .. } => problem.public_url.clone(),
            _ => None,
        }
    }

    /// Whether another access token may help.
    pub fn asks_for_another_token(&self) -> bool {
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
            Self::Garbled { status, retry_after } => retry_after.is_none() && !(400..500).contains(status),
            Self::Refused { .. } | Self::Unproven { .. } | Self::TooSlow | Self::SignedOut => false,
        }
    }

    /// Whether the server as a whole is out of reach, not just this call.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Unreachable | Self::Garbled { .. } => true,
            Self::Refused { problem, .. } => problem.code == ErrorCode::Overloaded,
            Self::Unproven { .. } | Self::TooSlow | Self::SignedOut => false,
        }
    }

    /// What this says about the session, as the answer to a refresh. Only our server's own word ends one.
    pub fn verdict(&self) -> Verdict {
        let problem = match self {
            Self::Refused { problem, .. } => problem,
            Self::Unproven { nonce: None } => return Verdict::KeyLost,
            _ => return Verdict::Undecided,
        };
        match problem.code {
            ErrorCode::SessionEnded => Verdict::Over(Some(problem.end_reason.unwrap_or(EndReason::Expired))),
            ErrorCode::ReplayDetected => Verdict::Over(Some(EndReason::ReplayDetected)),
            ErrorCode::TokenMissing | ErrorCode::TokenExpired => Verdict::Over(None),
            // With a reason: the token is from before a change of password. Without one nobody has said that it is old.
            ErrorCode::TokenInvalid => Verdict::Over(Some(problem.end_reason.unwrap_or(EndReason::Unknown))),
            _ => Verdict::Undecided,
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
            .filter(|code| refused(*code, None).verdict() != Verdict::Undecided)
            .map(|code| code.to_string())
            .collect();
        assert_eq!(
            over,
            ["token_missing", "token_expired", "token_invalid", "session_ended", "replay_detected"]
        );
        let garbled = Failure::Garbled { status: 401, retry_after: None };
        for failure in [
            Failure::Unreachable,
            Failure::TooSlow,
            Failure::SignedOut,
            garbled,
            refused(ErrorCode::Unknown, None),
        ] {
            assert_eq!(failure.verdict(), Verdict::Undecided);
        }
    }

    #[wasm_bindgen_test]
    fn a_proof_that_the_server_does_not_take_ends_nothing() {
        // With a nonce there is nothing wrong with the key: the proof was late, or came twice.
        for (nonce, verdict) in [(None, Verdict::KeyLost), (Some("n".to_owned()), Verdict::Undecided)] {
            let failure = Failure::Unproven { nonce };
            assert_eq!(failure.verdict(), verdict);
            assert!(!failure.is_outage() && !failure.is_lost_answer() && !failure.asks_for_another_token());
        }
    }

    #[wasm_bindgen_test]
    fn the_servers_reason_is_passed_on() {
        let ended = refused(ErrorCode::SessionEnded, Some(EndReason::PasswordChanged));
        assert_eq!(ended.verdict(), Verdict::Over(Some(EndReason::PasswordChanged)));
        let replay = refused(ErrorCode::ReplayDetected, None);
        assert_eq!(replay.verdict(), Verdict::Over(Some(EndReason::ReplayDetected)));
        assert_eq!(refused(ErrorCode::SessionEnded, None).verdict(), Verdict::Over(Some(EndReason::Expired)));
        let of = |reason| refused(ErrorCode::TokenInvalid, reason).verdict();
        assert_eq!(of(Some(EndReason::PasswordChanged)), Verdict::Over(Some(EndReason::PasswordChanged)));
        assert_eq!(of(None), Verdict::Over(Some(EndReason::Unknown)), "it may have been used a minute ago");
    }

    #[wasm_bindgen_test]
    fn a_wrong_password_asks_for_no_other_token() {
        assert!(!refused(ErrorCode::CredentialsRejected, None).asks_for_another_token());
        assert!(refused(ErrorCode::TokenExpired, None).asks_for_another_token());
    }
}
