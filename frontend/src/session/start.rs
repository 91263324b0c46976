//! Start of the session: restores what local storage contains. If that is nothing but the browser may have a session,
//! a refresh by cookie decides; on a first visit no request is sent.

use super::activity_log::{Activity, RefreshCause};
use super::handle::SessionHandle;
use super::runtime::Runtime;
use super::state::State;
use super::stored_session::{KEY, StoredSession};
use super::token_set::TokenSet;
use crate::platform::session_hint::{self, SessionHint};
use crate::platform::storage::{self, Missing};
use latchkey_shared::EndReason;
use leptos::prelude::*;

/// Way in which the page starts.
#[derive(PartialEq, Eq, Debug)]
enum Start {
    /// A user is signed in.
    Resume(TokenSet),
    /// Local storage has no answer, but the refresh cookie may.
    RefreshByCookie,
    /// A user has signed out, and the server has not confirmed it yet.
    FinishLogout,
    /// A user was signed in until the browser was closed; the next user may be somebody else.
    Discard,
    /// No user is signed in; contains the reason if it has to be shown.
    SignedOut(Option<EndReason>),
}

/// Decides by the stored session and the session hint.
fn start(stored: Result<StoredSession, Missing>, hint: Option<SessionHint>) -> Start {
    match (stored, hint) {
        (Ok(StoredSession::SignedIn(token_set)), None) if !token_set.remembered => Start::Discard,
        (Ok(StoredSession::SignedIn(token_set)), _) => Start::Resume(token_set),
        (Ok(StoredSession::SigningOut { .. }), _) | (Err(_), Some(SessionHint::SigningOut)) => {
            Start::FinishLogout
        }
        // A sign-out needs no mention at the next start; any other end does.
        (Ok(StoredSession::SignedOut { reason, .. }), _) => {
            Start::SignedOut(Some(reason).filter(|reason| *reason != EndReason::SignedOut))
        }
        (Err(Missing::Absent | Missing::Blocked) | Ok(StoredSession::KeyLost { .. }), None) => {
            Start::SignedOut(None)
        }
        // The key may be available again: storage can fail temporarily.
        (Err(_) | Ok(StoredSession::KeyLost { .. }), _) => Start::RefreshByCookie,
    }
}

impl SessionHandle {
    /// Restores this browser's session and maintains it while the page is open.
    pub fn start() -> Self {
        let session = Self {
            state: RwSignal::new(State::SignedOut(None)),
            server_unreachable: RwSignal::new(false),
            public_url: RwSignal::new(None),
            log: RwSignal::new(Vec::new()),
            runtime: StoredValue::new_local(Runtime { storage_available: true, ..Runtime::default() }),
        };
        match start(storage::read(KEY), session_hint::read()) {
            Start::Resume(token_set) => {
                session.set_state(State::SignedIn(token_set));
                session.log_activity(Activity::Loaded);
            }
            Start::RefreshByCookie => session.refresh_by_cookie(),
            Start::FinishLogout => session.log_out(None),
            Start::Discard => {
                storage::remove(KEY);
                // A page of an earlier version may have set its hint under another name: the cookie shows whether the
                // browser was closed, and no account is displayed until the server has responded.
                if session_hint::is_browser_session_without_port() {
                    session.refresh_by_cookie();
                }
            }
            Start::SignedOut(reason) => session.state.set(State::SignedOut(reason)),
        }
        session.listen();
        session
    }

    /// Finds out by the refresh cookie who is signed in.
    fn refresh_by_cookie(self) {
        self.state.set(State::Restoring);
        self.refresh(RefreshCause::Start);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::samples::token_set;
    use latchkey_shared::Timestamp;
    use wasm_bindgen_test::wasm_bindgen_test;

    const AT: Timestamp = Timestamp::from_seconds(5);

    fn signed_in(remembered: bool) -> Result<StoredSession, Missing> {
        Ok(StoredSession::SignedIn(TokenSet { remembered, ..token_set(1, 600) }))
    }

    #[wasm_bindgen_test]
    fn a_session_that_ends_with_the_browser_is_not_taken_up_once_its_mark_has_gone() {
        assert_eq!(start(signed_in(false), None), Start::Discard);
        let passing = TokenSet { remembered: false, ..token_set(1, 600) };
        assert_eq!(start(signed_in(false), Some(SessionHint::BrowserSession)), Start::Resume(passing));
        for hint in [None, Some(SessionHint::Persistent)] {
            assert_eq!(start(signed_in(true), hint), Start::Resume(token_set(1, 600)), "{hint:?}");
        }
    }

    #[wasm_bindgen_test]
    fn without_a_record_the_mark_tells_whether_the_cookie_is_asked() {
        for missing in [Missing::Absent, Missing::Blocked] {
            assert_eq!(start(Err(missing), None), Start::SignedOut(None));
            assert_eq!(start(Err(missing), Some(SessionHint::Persistent)), Start::RefreshByCookie);
            assert_eq!(start(Err(missing), Some(SessionHint::BrowserSession)), Start::RefreshByCookie);
        }
        assert_eq!(start(Err(Missing::Unreadable), None), Start::RefreshByCookie);
    }

    #[wasm_bindgen_test]
    fn a_key_that_was_lost_is_looked_for_once_more_while_the_browser_holds_the_session() {
        let lost = |remembered, hint| start(Ok(StoredSession::KeyLost { remembered }), hint);
        assert_eq!(lost(true, Some(SessionHint::Persistent)), Start::RefreshByCookie);
        assert_eq!(lost(false, Some(SessionHint::BrowserSession)), Start::RefreshByCookie);
        assert_eq!(lost(false, None), Start::SignedOut(None));
    }

    #[wasm_bindgen_test]
    fn a_sign_out_that_was_not_told_is_told_also_where_nothing_can_be_stored() {
        assert_eq!(
            start(Ok(StoredSession::SigningOut { at: AT }), Some(SessionHint::SigningOut)),
            Start::FinishLogout
        );
        for missing in [Missing::Absent, Missing::Blocked, Missing::Unreadable] {
            assert_eq!(start(Err(missing), Some(SessionHint::SigningOut)), Start::FinishLogout);
        }
    }

    #[wasm_bindgen_test]
    fn any_end_but_a_sign_out_is_mentioned() {
        let ended = |reason| start(Ok(StoredSession::SignedOut { reason, at: AT }), None);
        assert_eq!(ended(EndReason::SignedOut), Start::SignedOut(None));
        assert_eq!(ended(EndReason::Expired), Start::SignedOut(Some(EndReason::Expired)));
    }
}
