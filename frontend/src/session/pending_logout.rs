//! Pending sign-out: it takes effect in this browser at once, and is sent to the server until the server confirms it.

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

/// Credentials of a sign-out request.
#[derive(PartialEq, Eq, Debug)]
enum LogoutMethod {
    /// The cookie, which still belongs to the session that was left, and that session's access token while it is valid.
    Cookie(Option<Secret>),
    /// The access token alone: the cookie belongs to a newer session.
    Token(Secret),
    /// None: no credentials are left, or another tab has notified the server.
    Done,
}

/// Selects the credentials. `left` is the session that was left, if this tab knows it; `still` is true if the cookie
/// still belongs to that session.
fn logout_method(still: bool, left: Option<&TokenSet>, now: Timestamp) -> LogoutMethod {
    let token = left.filter(|left| left.is_valid(now)).map(|left| left.access_token.clone());
    match (still, token) {
        (true, token) => LogoutMethod::Cookie(token),
        (false, Some(token)) => LogoutMethod::Token(token),
        (false, None) => LogoutMethod::Done,
    }
}

impl SessionHandle {
    /// Sends a sign-out to the server until it confirms, even after a new sign-in.
    pub(super) fn log_out(self, left: Option<TokenSet>) {
        self.runtime.update_value(|runtime| runtime.pending_logouts += 1);
        spawn_local(async move {
            let mut attempt = 0;
            loop {
                let tab_lock = self.tab_lock().await;
                // A request sent now could carry the cookie of a session that is about to begin.
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

    /// Sends one sign-out request; the caller has locked the other tabs out.
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

    /// Takes over a sign-out that another tab may not have sent: that tab may no longer be open.
    pub(super) fn take_over_pending_logout(self) {
        if self.is_logout_pending() && self.runtime.with_value(|runtime| runtime.pending_logouts == 0) {
            self.log_out(None);
        }
    }

    /// Returns whether the cookie still belongs to a session that the user has left. If nothing is stored, the session
    /// hint decides.
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
