//! Browser events: other tabs' writes to storage, use of this tab, its return to view, and changes of the network.

use super::handle::SessionHandle;
use super::machine::Event;
use super::state::State;
use super::stored_session::{KEY, StoredSession};
use crate::api::auth;
use crate::platform::clock::now;
use crate::platform::document;
use leptos::{ev, prelude::*};
use wasm_bindgen_futures::spawn_local;

impl SessionHandle {
    /// Adds the event listeners, for as long as the page is open.
    pub(super) fn listen(self) {
        window_event_listener(ev::storage, move |event| {
            if event.key().as_deref() == Some(KEY)
                && let Some(stored_session) = event.new_value().as_deref().and_then(StoredSession::read)
            {
                self.storage_changed(stored_session);
            }
        });
        window_event_listener(ev::pointerdown, move |_| self.used());
        window_event_listener(ev::keydown, move |_| self.used());
        window_event_listener(ev::focus, move |_| self.on_wake());
        window_event_listener(ev::pageshow, move |event| {
            if event.persisted() {
                self.on_wake();
            }
        });
        window_event_listener(ev::visibilitychange, move |_| {
            if document::is_visible() {
                self.on_wake();
            }
        });
        window_event_listener(ev::online, move |_| self.try_now());
        // The server may run on this machine, so only a request shows whether it is unreachable.
        window_event_listener(ev::offline, move |_| self.check());
    }

    /// Handles a session that another tab has stored.
    pub(super) fn storage_changed(self, stored_session: StoredSession) {
        self.dispatch(Event::StorageChanged(stored_session));
    }

    /// Handles the page's return to view: events of other tabs may have been missed.
    fn on_wake(self) {
        if let Some(stored_session) = self.stored() {
            self.storage_changed(stored_session);
        }
        self.used();
        self.take_over_pending_logout();
        if !self.runtime.with_value(|runtime| now() < runtime.paused_until) {
            self.try_now();
            self.check();
        }
    }

    /// Checks by a request whether the session is still active: it may have been ended from elsewhere in the meantime.
    fn check(self) {
        let at_rest = self.state.with_untracked(|state| match state {
            State::SignedIn(token_set) => token_set.is_valid(now()),
            _ => false,
        });
        // A browser reports one return to the tab by several events.
        if !at_rest || self.runtime.with_value(|runtime| runtime.checking) {
            return;
        }
        self.runtime.update_value(|runtime| runtime.checking = true);
        spawn_local(async move {
            // A failure shows in the state.
            let _ = auth::verify(self).await;
            self.runtime.update_value(|runtime| runtime.checking = false);
        });
    }
}
