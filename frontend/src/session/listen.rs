//! What the browser tells the session: other tabs' writes, use of this tab, waking, and the network's coming and going.

use super::keeper::Session;
use super::machine::Event;
use super::record::{KEY, Record};
use super::state::State;
use crate::api::auth;
use crate::platform::clock::now;
use crate::platform::document;
use leptos::{ev, prelude::*};
use wasm_bindgen_futures::spawn_local;

impl Session {
    /// Listens for as long as the page is open.
    pub(super) fn listen(self) {
        window_event_listener(ev::storage, move |event| {
            if event.key().as_deref() == Some(KEY)
                && let Some(record) = event.new_value().as_deref().and_then(Record::read)
            {
                self.heard(record);
            }
        });
        window_event_listener(ev::pointerdown, move |_| self.used());
        window_event_listener(ev::keydown, move |_| self.used());
        window_event_listener(ev::focus, move |_| self.woke());
        window_event_listener(ev::pageshow, move |event| {
            if event.persisted() {
                self.woke();
            }
        });
        window_event_listener(ev::visibilitychange, move |_| {
            if document::is_visible() {
                self.woke();
            }
        });
        window_event_listener(ev::online, move |_| self.try_now());
        // The server may run on this very machine: whether it is out of reach, only asking tells.
        window_event_listener(ev::offline, move |_| self.check());
    }

    /// Another tab has stored this.
    pub(super) fn heard(self, record: Record) {
        self.dispatch(Event::Stored(record));
    }

    /// The page wakes: events of other tabs may have been missed.
    fn woke(self) {
        if let Some(record) = self.stored() {
            self.heard(record);
        }
        self.used();
        self.take_over_farewell();
        if !self.desk.with_value(|desk| now() < desk.paused_until) {
            self.try_now();
            self.check();
        }
    }

    /// Asks whether the session still lives: it may have been ended from elsewhere while nobody looked.
    fn check(self) {
        let at_rest = self.state.with_untracked(|state| match state {
            State::SignedIn(grant) => grant.lasts(now()),
            _ => false,
        });
        // A browser tells of one return in several ways.
        if !at_rest || self.desk.with_value(|desk| desk.checking) {
            return;
        }
        self.desk.update_value(|desk| desk.checking = true);
        spawn_local(async move {
            // What goes wrong shows in the state.
            let _ = auth::verify(self).await;
            self.desk.update_value(|desk| desk.checking = false);
        });
    }
}
