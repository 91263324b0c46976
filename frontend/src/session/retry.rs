//! No usable answer: the session is kept, the server asked again with growing pauses, and the person told once it means
//! something to them.

use super::activity_log::RefreshCause;
use super::handle::SessionHandle;
use super::machine::Event;
use super::state::State;
use super::timing::{backoff, should_notify};
use crate::api::{Failure, auth};
use crate::platform::clock::{Timer, now, random};
use crate::platform::network;
use latchkey_shared::Timestamp;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

impl SessionHandle {
    /// What an ordinary call, sent as often as this, tells about the server: that it answers, or that it does not.
    pub fn report_call_outcome(self, failure: Option<&Failure>, tries: u32) {
        match failure {
            Some(failure) if failure.is_outage() => self.failed(failure, tries),
            _ => self.dispatch(Event::ServerReachable),
        }
    }

    /// Asks the server again, without waiting for the pause to end.
    pub fn try_now(self) {
        self.runtime.update_value(|runtime| runtime.retry_timer = None);
        let outage = self.state.with_untracked(|state| match state {
            State::Restoring => Some(None),
            State::Interrupted(token_set) => {
                Some(token_set.is_valid(now()).then(|| token_set.access_token.clone()))
            }
            _ => None,
        });
        match outage {
            None => {}
            Some(None) if self.account_id().is_none() => self.refresh(RefreshCause::Start),
            Some(None) => self.dispatch(Event::RefreshNeeded(RefreshCause::Retry)),
            Some(Some(token)) => spawn_local(async move {
                match auth::verify_once(&token).await {
                    Err(failure) if failure.needs_new_token() => {
                        self.dispatch(Event::RefreshNeeded(RefreshCause::Rejected));
                    }
                    Err(failure) => self.failed(&failure, 1),
                    Ok(()) => self.dispatch(Event::ServerReachable),
                }
            }),
        }
    }

    /// The server was asked as often as this, and gave no usable answer.
    pub(super) fn failed(self, failure: &Failure, tries: u32) {
        let asked = failure.retry_after();
        let address = failure.public_url();
        if self.public_url.with_untracked(|known| *known != address) {
            self.public_url.set(address);
        }
        self.runtime.update_value(|runtime| {
            runtime.consecutive_failures = runtime.consecutive_failures.saturating_add(tries);
            runtime.retry_after = asked;
            runtime.paused_until = asked.map_or(Timestamp::default(), |backoff| now() + backoff);
        });
        self.dispatch(Event::ServerUnreachable);
    }

    /// Tries again after a pause, and tells the person if that concerns them.
    pub(super) fn retry_later(self) {
        let is_valid = self
            .state
            .with_untracked(|state| state.token_set().is_some_and(|token_set| token_set.is_valid(now())));
        if should_notify(
            self.runtime.with_value(|runtime| runtime.consecutive_failures),
            is_valid,
            network::is_offline(),
        ) {
            self.notify_unreachable();
        }
        let (waiting, attempt, asked) = self
            .runtime
            .with_value(|runtime| (runtime.retry_timer.is_some(), runtime.attempt, runtime.retry_after));
        if waiting {
            return;
        }
        let timer = Timer::after(backoff(attempt, asked, random()), move || self.try_now());
        self.runtime.update_value(|runtime| {
            runtime.attempt = attempt.saturating_add(1);
            runtime.retry_timer = Some(timer);
        });
    }

    /// From now on the person is told; once, however often it is tried.
    pub(super) fn notify_unreachable(self) {
        if !self.server_unreachable.get_untracked() {
            self.server_unreachable.set(true);
        }
    }

    /// The server has answered.
    pub(super) fn clear_unreachable(self) {
        self.server_unreachable.set(false);
        self.runtime.update_value(|runtime| {
            (runtime.consecutive_failures, runtime.attempt, runtime.retry_timer) = (0, 0, None)
        });
    }
}
