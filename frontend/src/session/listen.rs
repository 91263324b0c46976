//! What the browser tells the session: other tabs' writes, use of this tab, waking, and the network's return.

use super::keeper::Session;
use super::record::{KEY, Record};
use crate::platform::document;
use leptos::{ev, prelude::window_event_listener};

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
    }
}
