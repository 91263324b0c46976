//! Handle on the session: its data, read access for views, and the execution of the state machine's effects. Each kind
//! of effect that takes more than a few lines has a module of its own.

use super::activity_log::{self, Activity, LogEntry, RefreshCause};
use super::machine::{self, Effect, Event};
use super::runtime::Runtime;
use super::state::State;
use super::stored_session::{KEY, StoredSession};
use super::token_policy::{PageAccess, page_access};
use super::token_set::TokenSet;
use crate::platform::clock::{Timer, now, random};
use crate::platform::{session_hint, storage};
use latchkey_shared::Account;
use leptos::prelude::*;
use std::time::Duration;
use uuid::Uuid;

/// The session: a `Copy` handle of a few words, which refers to the same session everywhere.
#[derive(Clone, Copy)]
pub struct SessionHandle {
    pub(super) state: RwSignal<State>,
    /// True if the user is notified that the server is unreachable; it stays set during the next try, to avoid flicker.
    pub(super) server_unreachable: RwSignal<bool>,
    /// The server's public address, if it does not respond at the one that is open.
    pub(super) public_url: RwSignal<Option<String>>,
    pub(super) log: RwSignal<Vec<LogEntry>>,
    pub(super) runtime: StoredValue<Runtime, LocalStorage>,
}

impl SessionHandle {
    /// Returns the account that this page belongs to; reactive.
    pub fn account(self) -> Option<Account> {
        self.state.with(|state| state.account().cloned())
    }

    /// Returns the current token set; reactive.
    pub fn token_set(self) -> Option<TokenSet> {
        self.state.with(|state| state.token_set().cloned())
    }

    /// Returns whether the user is notified that the server is unreachable; reactive.
    pub fn server_unreachable(self) -> bool {
        self.server_unreachable.get()
    }

    /// Returns the address at which the server can be reached instead, if it has sent one; reactive.
    pub fn public_url(self) -> Option<String> {
        self.public_url.get()
    }

    /// Returns whether a user is signed in, without tracking.
    pub fn is_signed_in(self) -> bool {
        self.state.with_untracked(|state| state.token_set().is_some())
    }

    /// Returns a value computed from the state; reactive.
    pub fn with<T>(self, look: impl FnOnce(&State) -> T) -> T {
        self.state.with(look)
    }

    /// Returns the page's latest actions with the token, newest first; reactive.
    pub fn log(self) -> Vec<LogEntry> {
        self.log.get()
    }

    /// Returns whether a protected page that is opened now may be shown, without tracking.
    pub fn page_access(self) -> PageAccess {
        self.state.with_untracked(|state| page_access(state, now()))
    }

    /// Returns the id of the account that this page belongs to, without tracking.
    pub(super) fn account_id(self) -> Option<Uuid> {
        self.state.with_untracked(|state| state.account().map(|account| account.id))
    }

    /// Returns the session that is stored for all tabs, if storage is available.
    pub(super) fn stored(self) -> Option<StoredSession> {
        if self.runtime.with_value(|runtime| runtime.storage_available) {
            storage::read(KEY).ok()
        } else {
            None
        }
    }

    /// Passes an event to the state machine and carries out the resulting step.
    pub(super) fn dispatch(self, event: Event) {
        let stored = self.stored();
        let (state, effects) =
            self.state.with_untracked(|state| machine::step(state, event, stored.as_ref(), now()));
        if self.state.with_untracked(|current| *current != state) {
            self.set_state(state);
        }
        for effect in effects {
            self.run_effect(effect);
        }
        self.runtime.update_value(|runtime| runtime.waiters.wake());
    }

    /// Sets the state and updates all that depends on it.
    pub(super) fn set_state(self, state: State) {
        let token = |state: &State| state.token_set().map(|token_set| token_set.access_token.clone());
        let new_token = token(&state) != self.state.with_untracked(token);
        let whose = state.account().map(|account| account.id);
        let undecided = matches!(state, State::Interrupted(_) | State::Refreshing(_) | State::Restoring);
        // One account's log must not be shown to another account.
        if whose.is_some() && whose != self.runtime.with_value(|runtime| runtime.log_account) {
            self.runtime.update_value(|runtime| runtime.log_account = whose);
            self.log.set(Vec::new());
        }
        self.state.set(state);
        if !undecided {
            self.clear_unreachable();
        }
        if new_token {
            self.schedule_refresh();
        }
    }

    fn run_effect(self, effect: Effect) {
        match effect {
            Effect::Write(stored_session) => {
                let storage_available = storage::write(KEY, &stored_session);
                session_hint::write(stored_session.hint());
                self.runtime.update_value(|runtime| runtime.storage_available = storage_available);
            }
            Effect::ClearHint => session_hint::write(None),
            Effect::RemoveStored => storage::remove(KEY),
            Effect::Refresh(cause) => self.refresh(cause),
            Effect::RefreshSoon => {
                let wait = Duration::from_millis(800).mul_f64(1.0 + random());
                let timer =
                    Timer::after(wait, move || self.dispatch(Event::RefreshNeeded(RefreshCause::OutOfOrder)));
                self.runtime.update_value(|runtime| runtime.refresh_soon_timer = Some(timer));
            }
            Effect::RetryLater => self.retry_later(),
            Effect::LogOut(left) => self.log_out(left),
            Effect::LogActivity(activity) => self.log_activity(activity),
        }
    }

    /// Adds an entry to the token's log.
    pub(super) fn log_activity(self, activity: Activity) {
        let generation =
            self.state.with_untracked(|state| state.token_set().map_or(0, |token_set| token_set.generation));
        let entry = LogEntry { at: now(), activity, generation };
        self.log.update(|log| activity_log::log_activity(log, entry));
    }
}
