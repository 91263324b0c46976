//! The page's handle on the session: what it holds, what views may read of it, and how a decision of the state machine
//! becomes a deed. What a deed takes has a file of its own.

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

/// The session: a few words long, and the same everywhere.
#[derive(Clone, Copy)]
pub struct SessionHandle {
    pub(super) state: RwSignal<State>,
    /// Whether the person is told that the server is out of reach; it outlasts the next try, so that nothing flickers.
    pub(super) server_unreachable: RwSignal<bool>,
    /// The server's own address, where it answers nobody at the one that is open.
    pub(super) public_url: RwSignal<Option<String>>,
    pub(super) log: RwSignal<Vec<LogEntry>>,
    pub(super) runtime: StoredValue<Runtime, LocalStorage>,
}

impl SessionHandle {
    /// Whose page this is, followed by views.
    pub fn account(self) -> Option<Account> {
        self.state.with(|state| state.account().cloned())
    }

    /// The token in hand, followed by views.
    pub fn token_set(self) -> Option<TokenSet> {
        self.state.with(|state| state.token_set().cloned())
    }

    /// Whether the person is told that the server is out of reach, followed by views.
    pub fn server_unreachable(self) -> bool {
        self.server_unreachable.get()
    }

    /// Where the server is to be reached instead, if it has said so; followed by views.
    pub fn public_url(self) -> Option<String> {
        self.public_url.get()
    }

    /// Whether somebody is signed in at this moment.
    pub fn is_signed_in(self) -> bool {
        self.state.with_untracked(|state| state.token_set().is_some())
    }

    /// A part of the state, followed by views.
    pub fn with<T>(self, look: impl FnOnce(&State) -> T) -> T {
        self.state.with(look)
    }

    /// What the page did with the token lately, newest first; followed by views.
    pub fn log(self) -> Vec<LogEntry> {
        self.log.get()
    }

    /// Whether a protected page that is opened now may be shown; its state at this moment.
    pub fn page_access(self) -> PageAccess {
        self.state.with_untracked(|state| page_access(state, now()))
    }

    /// Whose page this is at this moment.
    pub(super) fn account_id(self) -> Option<Uuid> {
        self.state.with_untracked(|state| state.account().map(|account| account.id))
    }

    /// What all tabs know of the session at this moment.
    pub(super) fn stored(self) -> Option<StoredSession> {
        if self.runtime.with_value(|runtime| runtime.storage_available) {
            storage::read(KEY).ok()
        } else {
            None
        }
    }

    /// Lets the machine decide on what happened, and carries its decision out.
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

    /// Holds this state from now on, with all that depends on it.
    pub(super) fn set_state(self, state: State) {
        let token = |state: &State| state.token_set().map(|token_set| token_set.access_token.clone());
        let new_token = token(&state) != self.state.with_untracked(token);
        let whose = state.account().map(|account| account.id);
        let undecided = matches!(state, State::Interrupted(_) | State::Refreshing(_) | State::Restoring);
        // What was done with one person's token concerns no other.
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

    /// Writes a line into the token's log.
    pub(super) fn log_activity(self, activity: Activity) {
        let generation =
            self.state.with_untracked(|state| state.token_set().map_or(0, |token_set| token_set.generation));
        let entry = LogEntry { at: now(), activity, generation };
        self.log.update(|log| activity_log::log_activity(log, entry));
    }
}
