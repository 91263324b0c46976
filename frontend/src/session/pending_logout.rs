//! A sign-out that the server has yet to hear of: it holds here at once, and the server is told until it has heard.

use super::handle::SessionHandle;
use super::machine::Event;
use super::stored_session::StoredSession;
use super::timing::backoff;
use super::token_set::TokenSet;
use crate::api::{Failure, auth};
use crate::platform::clock::{now, random, wait};
use crate::platform::session_hint::{self, SessionHint};
use latchkey_shared::{Secret, Timestamp};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

/// How the server is told.
#[derive(PartialEq, Eq, Debug)]
enum LogoutMethod {
    /// By the cookie, which is still that of the session that was left; also by its token, while that lasts.
    Cookie(Option<Secret>),
    /// By the token alone: the cookie belongs to a session that has begun since.
    Token(Secret),
    /// Not at all: there is nothing left to tell it by, or another tab has told it.
    Done,
}

/// Decides for a session that was `left`, where this tab knows it, and that the cookie `still` belongs to.
fn logout_method(still: bool, left: Option<&TokenSet>, now: Timestamp) -> LogoutMethod {
    let token = left.filter(|left| left.is_valid(now)).map(|left| left.access_token.clone());
    match (still, token) {
        (true, token) => LogoutMethod::Cookie(token),
        (false, Some(token)) => LogoutMethod::Token(token),
        (false, None) => LogoutMethod::Done,
    }
}

impl SessionHandle {
    /// Tells the server of a sign-out until it has heard, also after somebody has signed in again.
    pub(super) fn log_out(self, left: Option<TokenSet>) {
        self.runtime.update_value(|runtime| runtime.pending_logouts += 1);
        spawn_local(async move {
            let mut attempt = 0;
            loop {
                let tab_lock = self.tab_lock().await;
                // What is told now could meet the cookie of a session that is about to begin.
                let told = match self.runtime.with_value(|runtime| runtime.signing_in) {
                    true => Err(Failure::Unreachable),
                    false => self.send_logout(left.as_ref()).await,
                };
                drop(tab_lock);
                let Err(failure) = told else { break };
                wait(backoff(attempt, failure.retry_after(), random())).await;
                attempt = attempt.saturating_add(1);
            }
            self.runtime.update_value(|runtime| runtime.pending_logouts -= 1);
        });
    }

    /// Tells the server once, in this tab's turn.
    pub(super) async fn send_logout(self, left: Option<&TokenSet>) -> Result<(), Failure> {
        let (token, by_cookie) = match logout_method(self.is_logout_pending(), left, now()) {
            LogoutMethod::Done => return Ok(()),
            LogoutMethod::Token(token) => (Some(token), false),
            LogoutMethod::Cookie(token) => (token, true),
        };
        self.runtime.update_value(|runtime| runtime.logouts_in_flight += u32::from(by_cookie));
        let result = auth::log_out(token, by_cookie).await;
        self.runtime.update_value(|runtime| runtime.logouts_in_flight -= u32::from(by_cookie));
        if result.is_ok() && by_cookie && self.is_logout_pending() {
            self.dispatch(Event::LoggedOut);
        }
        self.runtime.update_value(|runtime| runtime.waiters.wake());
        result
    }

    /// Takes over what another tab was about to tell the server, and may not have: nobody knows whether it is still open.
    pub(super) fn take_over_pending_logout(self) {
        if self.is_logout_pending() && self.runtime.with_value(|runtime| runtime.pending_logouts == 0) {
            self.log_out(None);
        }
    }

    /// Whether the cookie is still that of a session that the person has left. Where nothing is stored, the mark tells.
    fn is_logout_pending(self) -> bool {
        match self.stored() {
            Some(stored_session) => matches!(stored_session, StoredSession::SigningOut { .. }),
            None => session_hint::read() == Some(SessionHint::SigningOut),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::samples::token_set;
    use wasm_bindgen_test::wasm_bindgen_test;

    const EARLY: Timestamp = Timestamp::from_seconds(10);
    const LATE: Timestamp = Timestamp::from_seconds(1_000);

    #[wasm_bindgen_test]
    fn the_cookie_tells_it_as_long_as_it_is_that_of_the_session_that_was_left() {
        let left = token_set(1, 600);
        assert_eq!(
            logout_method(true, Some(&left), EARLY),
            LogoutMethod::Cookie(Some(left.access_token.clone()))
        );
        assert_eq!(logout_method(true, Some(&left), LATE), LogoutMethod::Cookie(None));
        assert_eq!(logout_method(true, None, EARLY), LogoutMethod::Cookie(None));
    }

    #[wasm_bindgen_test]
    fn a_session_that_has_begun_since_is_left_alone() {
        let left = token_set(1, 600);
        assert_eq!(logout_method(false, Some(&left), EARLY), LogoutMethod::Token(left.access_token.clone()));
        assert_eq!(logout_method(false, Some(&left), LATE), LogoutMethod::Done);
        assert_eq!(logout_method(false, None, EARLY), LogoutMethod::Done);
    }
}
