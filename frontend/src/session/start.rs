//! The start: what local storage holds is taken up. Where it says nothing but the browser may hold a session, the
//! refresh cookie is asked; on a first visit nothing is.

use super::desk::Desk;
use super::grant::Grant;
use super::journal::{Cause, Deed};
use super::keeper::Session;
use super::record::{KEY, Record};
use super::state::State;
use crate::platform::hint::{self, Mark};
use crate::platform::storage::{self, Missing};
use latchkey_shared::EndReason;
use leptos::prelude::*;

/// How the page starts.
#[derive(PartialEq, Eq, Debug)]
enum Start {
    /// Somebody is signed in.
    TakeUp(Grant),
    /// Local storage says nothing, but the refresh cookie may.
    Ask,
    /// Somebody signed out, and the server has yet to hear of it.
    Leave,
    /// Somebody was signed in until the browser was closed: whoever opens it next may be somebody else.
    Forget,
    /// Nobody is signed in; why not, where that needs a word.
    Out(Option<EndReason>),
}

/// Decides by what local storage and the mark say.
fn start(stored: Result<Record, Missing>, mark: Option<Mark>) -> Start {
    match (stored, mark) {
        (Ok(Record::SignedIn(grant)), None) if !grant.remembered => Start::Forget,
        (Ok(Record::SignedIn(grant)), _) => Start::TakeUp(grant),
        (Ok(Record::SigningOut { .. }), _) | (Err(_), Some(Mark::Leaving)) => Start::Leave,
        // A sign-out needs no mention on the next day; any other end does.
        (Ok(Record::SignedOut { reason, .. }), _) => {
            Start::Out(Some(reason).filter(|reason| *reason != EndReason::SignedOut))
        }
        (Err(Missing::Absent | Missing::Blocked) | Ok(Record::KeyLost { .. }), None) => Start::Out(None),
        // The key may be there again: storage can fail for a while.
        (Err(_) | Ok(Record::KeyLost { .. }), _) => Start::Ask,
    }
}

impl Session {
    /// Takes up the session of this browser, and keeps it for as long as the page is open.
    pub fn start() -> Self {
        let session = Self {
            state: RwSignal::new(State::SignedOut(None)),
            out_of_reach: RwSignal::new(false),
            right_address: RwSignal::new(None),
            log: RwSignal::new(Vec::new()),
            desk: StoredValue::new_local(Desk { stores: true, ..Desk::default() }),
        };
        match start(storage::read(KEY), hint::read()) {
            Start::TakeUp(grant) => {
                session.enter_state(State::SignedIn(grant));
                session.note(Deed::Loaded);
            }
            Start::Ask => session.ask_by_cookie(),
            Start::Leave => session.log_out(None),
            Start::Forget => {
                storage::remove(KEY);
                // A page of an earlier version may have left its mark under another name: the cookie knows whether the
                // browser was closed, and nobody is shown until it has been asked.
                if hint::is_passing_without_port() {
                    session.ask_by_cookie();
                }
            }
            Start::Out(reason) => session.state.set(State::SignedOut(reason)),
        }
        session.listen();
        session
    }

    /// Asks by the refresh cookie who is signed in.
    fn ask_by_cookie(self) {
        self.state.set(State::Restoring);
        self.refresh(Cause::Start);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::samples::grant;
    use latchkey_shared::Timestamp;
    use wasm_bindgen_test::wasm_bindgen_test;

    const AT: Timestamp = Timestamp::from_seconds(5);

    fn signed_in(remembered: bool) -> Result<Record, Missing> {
        Ok(Record::SignedIn(Grant { remembered, ..grant(1, 600) }))
    }

    #[wasm_bindgen_test]
    fn a_session_that_ends_with_the_browser_is_not_taken_up_once_its_mark_has_gone() {
        assert_eq!(start(signed_in(false), None), Start::Forget);
        let passing = Grant { remembered: false, ..grant(1, 600) };
        assert_eq!(start(signed_in(false), Some(Mark::Passing)), Start::TakeUp(passing));
        for mark in [None, Some(Mark::Lasting)] {
            assert_eq!(start(signed_in(true), mark), Start::TakeUp(grant(1, 600)), "{mark:?}");
        }
    }

    #[wasm_bindgen_test]
    fn without_a_record_the_mark_tells_whether_the_cookie_is_asked() {
        for missing in [Missing::Absent, Missing::Blocked] {
            assert_eq!(start(Err(missing), None), Start::Out(None));
            assert_eq!(start(Err(missing), Some(Mark::Lasting)), Start::Ask);
            assert_eq!(start(Err(missing), Some(Mark::Passing)), Start::Ask);
        }
        assert_eq!(start(Err(Missing::Unreadable), None), Start::Ask);
    }

    #[wasm_bindgen_test]
    fn a_key_that_was_lost_is_looked_for_once_more_while_the_browser_holds_the_session() {
        let lost = |remembered, mark| start(Ok(Record::KeyLost { remembered }), mark);
        assert_eq!(lost(true, Some(Mark::Lasting)), Start::Ask);
        assert_eq!(lost(false, Some(Mark::Passing)), Start::Ask);
        assert_eq!(lost(false, None), Start::Out(None));
    }

    #[wasm_bindgen_test]
    fn a_sign_out_that_was_not_told_is_told_also_where_nothing_can_be_stored() {
        assert_eq!(start(Ok(Record::SigningOut { at: AT }), Some(Mark::Leaving)), Start::Leave);
        for missing in [Missing::Absent, Missing::Blocked, Missing::Unreadable] {
            assert_eq!(start(Err(missing), Some(Mark::Leaving)), Start::Leave);
        }
    }

    #[wasm_bindgen_test]
    fn any_end_but_a_sign_out_is_mentioned() {
        let ended = |reason| start(Ok(Record::SignedOut { reason, at: AT }), None);
        assert_eq!(ended(EndReason::SignedOut), Start::Out(None));
        assert_eq!(ended(EndReason::Expired), Start::Out(Some(EndReason::Expired)));
    }
}
