//! The page's handle on the session: what it holds, what views may read of it, and how a decision of the state machine
//! becomes a deed. What a deed takes has a file of its own.

use super::desk::Desk;
use super::grant::Grant;
use super::journal::{self, Cause, Deed, Entry};
use super::machine::{self, Effect, Event};
use super::record::{KEY, Record};
use super::stance::{Admission, admission};
use super::state::State;
use crate::platform::clock::{Timer, now, random};
use crate::platform::{hint, storage};
use latchkey_shared::Account;
use leptos::prelude::*;
use std::time::Duration;
use uuid::Uuid;

/// The session: a few words long, and the same everywhere.
#[derive(Clone, Copy)]
pub struct Session {
    pub(super) state: RwSignal<State>,
    /// Whether the person is told that the server is out of reach; it outlasts the next try, so that nothing flickers.
    pub(super) out_of_reach: RwSignal<bool>,
    /// The server's own address, where it answers nobody at the one that is open.
    pub(super) right_address: RwSignal<Option<String>>,
    pub(super) log: RwSignal<Vec<Entry>>,
    pub(super) desk: StoredValue<Desk, LocalStorage>,
}

impl Session {
    /// Whose page this is, followed by views.
    pub fn account(self) -> Option<Account> {
        self.state.with(|state| state.account().cloned())
    }

    /// The token in hand, followed by views.
    pub fn grant(self) -> Option<Grant> {
        self.state.with(|state| state.grant().cloned())
    }

    /// Whether the person is told that the server is out of reach, followed by views.
    pub fn waiting_for_server(self) -> bool {
        self.out_of_reach.get()
    }

    /// Where the server is to be reached instead, if it has said so; followed by views.
    pub fn right_address(self) -> Option<String> {
        self.right_address.get()
    }

    /// Whether somebody is signed in at this moment.
    pub fn is_signed_in(self) -> bool {
        self.state.with_untracked(|state| state.grant().is_some())
    }

    /// A part of the state, followed by views.
    pub fn with<T>(self, look: impl FnOnce(&State) -> T) -> T {
        self.state.with(look)
    }

    /// What the page did with the token lately, newest first; followed by views.
    pub fn log(self) -> Vec<Entry> {
        self.log.get()
    }

    /// Whether a protected page that is opened now may be shown; its state at this moment.
    pub fn admission(self) -> Admission {
        self.state.with_untracked(|state| admission(state, now()))
    }

    /// Whose page this is at this moment.
    pub(super) fn account_id(self) -> Option<Uuid> {
        self.state.with_untracked(|state| state.account().map(|account| account.id))
    }

    /// What all tabs know of the session at this moment.
    pub(super) fn stored(self) -> Option<Record> {
        if self.desk.with_value(|desk| desk.stores) { storage::read(KEY).ok() } else { None }
    }

    /// Lets the machine decide on what happened, and carries its decision out.
    pub(super) fn dispatch(self, event: Event) {
        let stored = self.stored();
        let (state, effects) =
            self.state.with_untracked(|state| machine::step(state, event, stored.as_ref(), now()));
        if self.state.with_untracked(|current| *current != state) {
            self.enter_state(state);
        }
        for effect in effects {
            self.carry_out(effect);
        }
        self.desk.update_value(|desk| desk.waiters.wake());
    }

    /// Holds this state from now on, with all that depends on it.
    pub(super) fn enter_state(self, state: State) {
        let token = |state: &State| state.grant().map(|grant| grant.access_token.clone());
        let new_token = token(&state) != self.state.with_untracked(token);
        let whose = state.account().map(|account| account.id);
        let undecided = matches!(state, State::Interrupted(_) | State::Refreshing(_) | State::Restoring);
        // What was done with one person's token concerns no other.
        if whose.is_some() && whose != self.desk.with_value(|desk| desk.logged) {
            self.desk.update_value(|desk| desk.logged = whose);
            self.log.set(Vec::new());
        }
        self.state.set(state);
        if !undecided {
            self.back_in_reach();
        }
        if new_token {
            self.plan();
        }
    }

    fn carry_out(self, effect: Effect) {
        match effect {
            Effect::Write(record) => {
                let stores = storage::write(KEY, &record);
                hint::keep(record.mark());
                self.desk.update_value(|desk| desk.stores = stores);
            }
            Effect::NothingHeld => hint::keep(None),
            Effect::Forget => storage::remove(KEY),
            Effect::Refresh(cause) => self.refresh(cause),
            Effect::RefreshSoon => {
                let wait = Duration::from_millis(800).mul_f64(1.0 + random());
                let timer = Timer::after(wait, move || self.dispatch(Event::Renew(Cause::Overtaken)));
                self.desk.update_value(|desk| desk.soon = Some(timer));
            }
            Effect::RetryLater => self.retry_later(),
            Effect::LogOut(left) => self.log_out(left),
            Effect::Note(deed) => self.note(deed),
        }
    }

    /// Writes a line into the token's log.
    pub(super) fn note(self, deed: Deed) {
        let generation = self.state.with_untracked(|state| state.grant().map_or(0, |grant| grant.generation));
        let entry = Entry { at: now(), deed, generation };
        self.log.update(|log| journal::note(log, entry));
    }
}
