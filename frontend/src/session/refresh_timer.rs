//! Scheduled refresh: planned when a token arrives, and requested early while the tab is used.

use super::activity_log::RefreshCause;
use super::handle::SessionHandle;
use super::machine::Event;
use super::state::State;
use super::timing::{RefreshAction, due, refresh_action};
use crate::platform::clock::{Timer, now, random};
use leptos::prelude::*;

impl SessionHandle {
    /// Schedules the next refresh after a new token has arrived.
    pub(super) fn schedule_refresh(self) {
        let at =
            self.state.with_untracked(|state| state.token_set().map(|token_set| due(token_set, random())));
        self.runtime.update_value(|runtime| {
            runtime.used = false;
            runtime.due = at.unwrap_or_default();
            runtime.refresh_timer = None;
        });
        self.refresh_if_due();
    }

    /// Records that the user interacts with this tab.
    pub(super) fn used(self) {
        self.runtime.update_value(|runtime| runtime.used = true);
        self.refresh_if_due();
    }

    fn refresh_if_due(self) {
        let Some(is_valid) = self.state.with_untracked(|state| match state {
            State::SignedIn(token_set) => Some(token_set.is_valid(now())),
            _ => None,
        }) else {
            return;
        };
        let (at, used, waiting) =
            self.runtime.with_value(|runtime| (runtime.due, runtime.used, runtime.refresh_timer.is_some()));
        match refresh_action(now(), at, used) {
            RefreshAction::Refresh => self.dispatch(Event::RefreshNeeded(if is_valid {
                RefreshCause::Scheduled
            } else {
                RefreshCause::Expired
            })),
            RefreshAction::WaitUntil(_) if waiting => {}
            RefreshAction::WaitUntil(at) => {
                let timer = Timer::after(now().until(at), move || {
                    self.runtime.update_value(|runtime| runtime.refresh_timer = None);
                    self.refresh_if_due();
                });
                self.runtime.update_value(|runtime| runtime.refresh_timer = Some(timer));
            }
            RefreshAction::LetExpire => {}
        }
    }
}
