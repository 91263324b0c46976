//! The start: what local storage holds is taken up. Where it says nothing but the browser may hold a session, the
//! refresh cookie is asked; on a first visit nothing is.

use super::desk::Desk;
use super::journal::{Cause, Deed};
use super::keeper::Session;
use super::record::{KEY, Record};
use super::state::State;
use crate::platform::hint;
use crate::platform::storage::{self, Missing};
use latchkey_shared::EndReason;
use leptos::prelude::*;

impl Session {
    /// Takes up the session of this browser, and keeps it for as long as the page is open.
    pub fn start() -> Self {
        let stored = storage::read::<Record>(KEY);
        let state = match &stored {
            Ok(Record::SignedIn(grant)) => State::SignedIn(grant.clone()),
            // A sign-out needs no mention on the next day; any other end does.
            Ok(record) => State::SignedOut(record.end().filter(|end| *end != EndReason::SignedOut)),
            Err(Missing::Absent | Missing::Blocked) if !hint::is_there() => State::SignedOut(None),
            Err(_) => State::Restoring,
        };
        let session = Self {
            state: RwSignal::new(state),
            out_of_reach: RwSignal::new(false),
            log: RwSignal::new(Vec::new()),
            desk: StoredValue::new_local(Desk { stores: true, ..Desk::default() }),
        };
        match stored {
            Ok(Record::SignedIn(_)) => {
                session.note(Deed::Loaded);
                session.plan();
            }
            Ok(Record::SigningOut { .. }) => session.log_out(None, 0),
            Err(_) if session.state.with_untracked(|state| *state == State::Restoring) => {
                session.refresh(Cause::Start);
            }
            Ok(Record::SignedOut { .. }) | Err(_) => {}
        }
        session.listen();
        session
    }
}
