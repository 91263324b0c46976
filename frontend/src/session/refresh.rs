//! Exchange of the refresh cookie for the next access token.

use super::activity_log::RefreshCause;
use super::handle::SessionHandle;
use super::machine::Event;
use super::state::State;
use super::stored_session::KEY;
use super::token_set::TokenSet;
use crate::api::{Failure, RefreshOutcome, auth};
use crate::platform::clock::now;
use crate::platform::session_hint::{self, SessionHint};
use crate::platform::tab_lock::{self, TabLock};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

/// Longest wait for another tab's lock, in milliseconds.
const LOCK_TIMEOUT_MS: u32 = 2_000;

impl SessionHandle {
    /// Requests the next token: one request at a time, and one tab after the other, since another tab has often stored
    /// a new token by the time this one gets the lock. That saves requests and out-of-order responses; correctness does
    /// not depend on it.
    pub(super) fn refresh(self, cause: RefreshCause) {
        if self.runtime.with_value(|runtime| runtime.in_flight.is_some()) {
            return;
        }
        self.runtime.update_value(|runtime| runtime.in_flight = Some(cause));
        spawn_local(async move {
            let tab_lock = self.tab_lock().await;
            if let Some(stored_session) = self.stored() {
                self.storage_changed(stored_session);
            }
            if !self.still_needs_refresh() {
                self.runtime.update_value(|runtime| runtime.in_flight = None);
                return self.runtime.update_value(|runtime| runtime.waiters.wake());
            }
            self.send_refresh(cause).await;
            // The other tabs read what this response has stored.
            drop(tab_lock);
        });
    }

    /// Acquires the lock among the tabs: requests that set or remove a cookie are sent one after the other.
    pub(super) async fn tab_lock(self) -> TabLock {
        tab_lock::acquire(KEY, LOCK_TIMEOUT_MS).await
    }

    async fn send_refresh(self, cause: RefreshCause) {
        let (requested_sid, remembered, time) = self.state.with_untracked(|state| match state.token_set() {
            Some(token_set) => (Some(token_set.sid), token_set.remembered, token_set.server_time(now())),
            None => (None, session_hint::read() != Some(SessionHint::BrowserSession), now()),
        });
        let (answer, tries) = auth::refresh(time).await;
        self.restore_logout_hint();
        self.runtime.update_value(|runtime| runtime.in_flight = None);
        let invalid_response = Failure::InvalidResponse { status: 200, retry_after: None };
        match answer
            .and_then(|answer| TokenSet::from_response(answer, remembered, now()).ok_or(invalid_response))
        {
            Ok(token_set) => self.dispatch(Event::Refreshed { requested_sid, cause, token_set }),
            Err(failure) => match failure.refresh_outcome() {
                RefreshOutcome::Ended(reason) => self.dispatch(Event::Refused { requested_sid, reason }),
                RefreshOutcome::KeyLost => self.dispatch(Event::ProofRejected { requested_sid }),
                RefreshOutcome::Inconclusive => self.failed(&failure, tries),
            },
        }
    }

    /// Restores the sign-out hint. If nothing is stored, only the hint records that the user has signed out, and a late
    /// response has overwritten it.
    fn restore_logout_hint(self) {
        let is_told = self.runtime.with_value(|runtime| runtime.pending_logouts > 0);
        if is_told
            && self.stored().is_none()
            && self.state.with_untracked(|state| state.token_set().is_none())
        {
            session_hint::write(Some(SessionHint::SigningOut));
        }
    }

    /// Returns whether the next token is still needed, after other tabs have had the lock.
    fn still_needs_refresh(self) -> bool {
        use State::{Ended, Interrupted, KeyLost, Refreshing, Restoring, SignedIn, SignedOut};
        self.state.with_untracked(|state| match state {
            Restoring | Refreshing(_) | Interrupted(_) => true,
            SignedIn(_) | SignedOut(_) | Ended { .. } | KeyLost(_) => false,
        })
    }
}
