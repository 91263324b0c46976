//! What a call, and what a page, may do in a state.

use super::journal::Cause;
use super::state::State;
use latchkey_shared::{Secret, Timestamp};

/// What a call that needs a token does next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stance {
    /// Send this token.
    Use(Secret),
    /// Have the token replaced first.
    Renew(Cause),
    /// Wait for the next change: a refresh is under way, or the person is being asked for the password.
    Wait,
    /// The server has asked for a pause.
    Paused,
    /// Nobody is signed in.
    Out,
}

/// Decides for a call whose last try was `refused` with this token, while a refresh for the reason `in_flight` is
/// under way, and the server has perhaps asked for a pause.
pub fn stance(
    state: &State,
    now: Timestamp,
    refused: Option<&Secret>,
    in_flight: Option<Cause>,
    paused: bool,
) -> Stance {
    let grant = match state {
        State::SignedOut(_) | State::KeyLost(None) => return Stance::Out,
        State::Restoring | State::Ended { .. } | State::KeyLost(Some(_)) => return Stance::Wait,
        State::SignedIn(grant) | State::Refreshing(grant) | State::Interrupted(grant) => grant,
    };
    let usable = grant.lasts(now) && refused != Some(&grant.access_token);
    let refreshing = matches!(state, State::Refreshing(_));
    match (usable, refreshing) {
        // The server has refused this token to another call: it would refuse it here as well.
        (true, true) if in_flight == Some(Cause::Refusal) => Stance::Wait,
        (true, _) => Stance::Use(grant.access_token.clone()),
        (false, true) => Stance::Wait,
        (false, false) if paused => Stance::Paused,
        (false, false) if refused.is_some() => Stance::Renew(Cause::Refusal),
        (false, false) => Stance::Renew(Cause::Lapse),
    }
}

/// What becomes of a protected page that is opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Admission {
    /// It is shown; whether the session still lives is checked beside.
    Show,
    /// Its outline is shown until the session is certain.
    Wait,
    /// The person signs in first.
    SignIn,
}

/// Decides for a protected page that is opened now.
pub fn admission(state: &State, now: Timestamp) -> Admission {
    match state {
        State::SignedOut(_) | State::KeyLost(None) => Admission::SignIn,
        State::Restoring | State::Ended { .. } | State::KeyLost(Some(_)) => Admission::Wait,
        State::SignedIn(grant) | State::Refreshing(grant) | State::Interrupted(grant) => {
            if grant.lasts(now) {
                Admission::Show
            } else {
                Admission::Wait
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::samples::{account, grant};
    use latchkey_shared::EndReason;
    use wasm_bindgen_test::wasm_bindgen_test;

    const EARLY: Timestamp = Timestamp::from_seconds(10);
    const LATE: Timestamp = Timestamp::from_seconds(1_000);

    fn plain(state: &State, now: Timestamp) -> Stance {
        stance(state, now, None, None, false)
    }

    #[wasm_bindgen_test]
    fn a_token_that_lasts_is_used_even_while_the_next_is_fetched_ahead_of_time() {
        let own = grant(1, 600);
        let token = Stance::Use(own.access_token.clone());
        assert_eq!(plain(&State::SignedIn(own.clone()), EARLY), token);
        assert_eq!(plain(&State::Interrupted(own.clone()), EARLY), token);
        assert_eq!(stance(&State::Refreshing(own), EARLY, None, Some(Cause::Ahead), false), token);
    }

    #[wasm_bindgen_test]
    fn a_lapsed_token_is_replaced_first() {
        assert_eq!(plain(&State::SignedIn(grant(1, 600)), LATE), Stance::Renew(Cause::Lapse));
        assert_eq!(plain(&State::Interrupted(grant(1, 600)), LATE), Stance::Renew(Cause::Lapse));
        assert_eq!(plain(&State::Refreshing(grant(1, 600)), LATE), Stance::Wait);
    }

    #[wasm_bindgen_test]
    fn a_refused_token_is_not_sent_again() {
        let own = grant(1, 600);
        let refused = own.access_token.clone();
        let after = |state: &State| stance(state, EARLY, Some(&refused), Some(Cause::Refusal), false);
        assert_eq!(after(&State::SignedIn(own.clone())), Stance::Renew(Cause::Refusal));
        assert_eq!(after(&State::Refreshing(own.clone())), Stance::Wait);
        assert_eq!(after(&State::SignedIn(grant(2, 600))), Stance::Use(grant(2, 600).access_token));
        assert_eq!(stance(&State::Refreshing(own), EARLY, None, Some(Cause::Refusal), false), Stance::Wait);
    }

    #[wasm_bindgen_test]
    fn a_pause_that_the_server_asked_for_is_kept() {
        let state = State::Interrupted(grant(1, 600));
        assert_eq!(stance(&state, LATE, None, None, true), Stance::Paused);
        assert!(matches!(stance(&state, EARLY, None, None, true), Stance::Use(_)));
    }

    #[wasm_bindgen_test]
    fn calls_wait_for_the_password_and_fail_without_a_session() {
        let ended = State::Ended { account: account(1), reason: EndReason::Expired };
        assert_eq!(plain(&ended, EARLY), Stance::Wait);
        assert_eq!(plain(&State::Restoring, EARLY), Stance::Wait);
        assert_eq!(plain(&State::SignedOut(None), EARLY), Stance::Out);
        assert_eq!(plain(&State::KeyLost(Some(grant(1, 600))), EARLY), Stance::Wait);
        assert_eq!(plain(&State::KeyLost(None), EARLY), Stance::Out);
    }

    #[wasm_bindgen_test]
    fn a_page_opens_at_once_waits_or_asks_to_sign_in() {
        let state = State::SignedIn(grant(1, 600));
        assert_eq!(admission(&state, EARLY), Admission::Show);
        assert_eq!(admission(&state, LATE), Admission::Wait);
        assert_eq!(admission(&State::Restoring, EARLY), Admission::Wait);
        assert_eq!(admission(&State::SignedOut(None), EARLY), Admission::SignIn);
        assert_eq!(admission(&State::KeyLost(None), EARLY), Admission::SignIn);
        assert_eq!(admission(&State::KeyLost(Some(grant(1, 600))), EARLY), Admission::Wait);
    }
}
