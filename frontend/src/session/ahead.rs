//! The next token, ahead of time: planned when one comes, and asked for while the tab is used.

use super::journal::Cause;
use super::keeper::Session;
use super::machine::Event;
use super::state::State;
use super::timing::{Todo, due, what_to_do};
use crate::platform::clock::{Timer, now, random};
use leptos::prelude::*;

impl Session {
    /// A new token came: plans when the next one is due.
    pub(super) fn plan(self) {
        let at = self.state.with_untracked(|state| state.grant().map(|grant| due(grant, random())));
        self.desk.update_value(|desk| {
            desk.used = false;
            desk.due = at.unwrap_or_default();
            desk.ahead = None;
        });
        self.refresh_if_due();
    }

    /// The person does something in this tab.
    pub(super) fn used(self) {
        self.desk.update_value(|desk| desk.used = true);
        self.refresh_if_due();
    }

    fn refresh_if_due(self) {
        let Some(lasts) = self.state.with_untracked(|state| match state {
            State::SignedIn(grant) => Some(grant.lasts(now())),
            _ => None,
        }) else {
            return;
        };
        let (at, used, waiting) = self.desk.with_value(|desk| (desk.due, desk.used, desk.ahead.is_some()));
        match what_to_do(now(), at, used) {
            Todo::Refresh => self.dispatch(Event::Renew(if lasts { Cause::Ahead } else { Cause::Lapse })),
            Todo::WaitUntil(_) if waiting => {}
            Todo::WaitUntil(at) => {
                let timer = Timer::after(now().until(at), move || {
                    self.desk.update_value(|desk| desk.ahead = None);
                    self.refresh_if_due();
                });
                self.desk.update_value(|desk| desk.ahead = Some(timer));
            }
            Todo::LetLapse => {}
        }
    }
}
