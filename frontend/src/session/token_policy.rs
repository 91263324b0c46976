//! Decisions for requests and protected pages, by the session's state.

use super::activity_log::RefreshCause;
use super::state::State;
use latchkey_shared::{Secret, Timestamp};

/// Next action of a request that needs a token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TokenDecision {
    /// Send this token.
    Use(Secret),
    /// Have the token replaced first.
    RefreshNeeded(RefreshCause),
    /// Wait for the next change: a refresh is in flight, or the user is being asked for the password.
    Wait,
    /// Fail for now: the server has requested a pause.
    Paused,
    /// Fail: no user is signed in.
    SignedOut,
}

/// Decides for a request. `refused` is the token with which its last try was refused, `in_flight` the cause of the
/// refresh in flight, and `paused` is true during a pause that the server requested.
pub fn token_decision(
    state: &State,
    now: Timestamp,
    refused: Option<&Secret>,
    in_flight: Option<RefreshCause>,
    paused: bool,
) -> TokenDecision {
    let token_set = match state {
        State::SignedOut(_) | State::KeyLost(None) => return TokenDecision::SignedOut,
        State::Restoring | State::Ended { .. } | State::KeyLost(Some(_)) => return TokenDecision::Wait,
        State::SignedIn(token_set) | State::Refreshing(token_set) | State::Interrupted(token_set) => {
            token_set
        }
    };
    let usable = token_set.is_valid(now) && refused != Some(&token_set.access_token);
    let refreshing = matches!(state, State::Refreshing(_));
    match (usable, refreshing) {
        // The server has refused this token for another request: it would refuse it here as well.
        (true, true) if in_flight == Some(RefreshCause::Rejected) => TokenDecision::Wait,
        (true, _) => TokenDecision::Use(token_set.access_token.clone()),
        (false, true) => TokenDecision::Wait,
        (false, false) if paused => TokenDecision::Paused,
        (false, false) if refused.is_some() => TokenDecision::RefreshNeeded(RefreshCause::Rejected),
        (false, false) => TokenDecision::RefreshNeeded(RefreshCause::Expired),
    }
}

/// Access to a protected page that is opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PageAccess {
    /// Show the page; meanwhile a request checks that the session is still active.
    Show,
    /// Show the page's outline until the session is certain.
    Wait,
    /// Ask the user to sign in first.
    SignIn,
}

/// Decides for a protected page that is opened at `now`.
pub fn page_access(state: &State, now: Timestamp) -> PageAccess {
    match state {
        State::SignedOut(_) | State::KeyLost(None) => PageAccess::SignIn,
        State::Restoring | State::Ended { .. } | State::KeyLost(Some(_)) => PageAccess::Wait,
        State::SignedIn(token_set) | State::Refreshing(token_set) | State::Interrupted(token_set) => {
            if token_set.is_valid(now) {
                PageAccess::Show
            } else {
                PageAccess::Wait
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::samples::{account, token_set};
    use latchkey_shared::EndReason;
    use wasm_bindgen_test::wasm_bindgen_test;

    const EARLY: Timestamp = Timestamp::from_seconds(10);
    const LATE: Timestamp = Timestamp::from_seconds(1_000);

    fn plain(state: &State, now: Timestamp) -> TokenDecision {
        token_decision(state, now, None, None, false)
    }

    #[wasm_bindgen_test]
    fn a_token_that_lasts_is_used_even_while_the_next_is_fetched_ahead_of_time() {
        let own = token_set(1, 600);
        let token = TokenDecision::Use(own.access_token.clone());
        assert_eq!(plain(&State::SignedIn(own.clone()), EARLY), token);
        assert_eq!(plain(&State::Interrupted(own.clone()), EARLY), token);
        assert_eq!(
            token_decision(&State::Refreshing(own), EARLY, None, Some(RefreshCause::Scheduled), false),
            token
        );
    }

    #[wasm_bindgen_test]
    fn a_lapsed_token_is_replaced_first() {
        assert_eq!(
            plain(&State::SignedIn(token_set(1, 600)), LATE),
            TokenDecision::RefreshNeeded(RefreshCause::Expired)
        );
        assert_eq!(
            plain(&State::Interrupted(token_set(1, 600)), LATE),
            TokenDecision::RefreshNeeded(RefreshCause::Expired)
        );
        assert_eq!(plain(&State::Refreshing(token_set(1, 600)), LATE), TokenDecision::Wait);
    }

    #[wasm_bindgen_test]
    fn a_refused_token_is_not_sent_again() {
        let own = token_set(1, 600);
        let refused = own.access_token.clone();
        let after =
            |state: &State| token_decision(state, EARLY, Some(&refused), Some(RefreshCause::Rejected), false);
        assert_eq!(
            after(&State::SignedIn(own.clone())),
            TokenDecision::RefreshNeeded(RefreshCause::Rejected)
        );
        assert_eq!(after(&State::Refreshing(own.clone())), TokenDecision::Wait);
        assert_eq!(
            after(&State::SignedIn(token_set(2, 600))),
            TokenDecision::Use(token_set(2, 600).access_token)
        );
        assert_eq!(
            token_decision(&State::Refreshing(own), EARLY, None, Some(RefreshCause::Rejected), false),
            TokenDecision::Wait
        );
    }

    #[wasm_bindgen_test]
    fn a_pause_that_the_server_asked_for_is_kept() {
        let state = State::Interrupted(token_set(1, 600));
        assert_eq!(token_decision(&state, LATE, None, None, true), TokenDecision::Paused);
        assert!(matches!(token_decision(&state, EARLY, None, None, true), TokenDecision::Use(_)));
    }

    #[wasm_bindgen_test]
    fn calls_wait_for_the_password_and_fail_without_a_session() {
        let ended = State::Ended { account: account(1), reason: EndReason::Expired };
        assert_eq!(plain(&ended, EARLY), TokenDecision::Wait);
        assert_eq!(plain(&State::Restoring, EARLY), TokenDecision::Wait);
        assert_eq!(plain(&State::SignedOut(None), EARLY), TokenDecision::SignedOut);
        assert_eq!(plain(&State::KeyLost(Some(token_set(1, 600))), EARLY), TokenDecision::Wait);
        assert_eq!(plain(&State::KeyLost(None), EARLY), TokenDecision::SignedOut);
    }

    #[wasm_bindgen_test]
    fn a_page_opens_at_once_waits_or_asks_to_sign_in() {
        let state = State::SignedIn(token_set(1, 600));
        assert_eq!(page_access(&state, EARLY), PageAccess::Show);
        assert_eq!(page_access(&state, LATE), PageAccess::Wait);
        assert_eq!(page_access(&State::Restoring, EARLY), PageAccess::Wait);
        assert_eq!(page_access(&State::SignedOut(None), EARLY), PageAccess::SignIn);
        assert_eq!(page_access(&State::KeyLost(None), EARLY), PageAccess::SignIn);
        assert_eq!(page_access(&State::KeyLost(Some(token_set(1, 600))), EARLY), PageAccess::Wait);
    }
}
