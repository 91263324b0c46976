//! Handling of missing or unusable responses: the session is kept, requests are retried with backoff, and the user is
//! notified once it affects them.

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
    /// Records the outcome of an ordinary request that was sent `tries` times: the server responds, or it does not.
    pub fn report_call_outcome(self, failure: Option<&Failure>, tries: u32) {
        match failure {
            Some(failure) if failure.is_outage() => self.failed(failure, tries),
            _ => self.dispatch(Event::ServerReachable),
        }
    }

    /// Sends a request to the server without waiting for the pause to end.
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

    /// Records that the server was sent `tries` requests and gave no usable response.
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

    /// Schedules a retry after a pause, and notifies the user if the outage affects them.
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

    /// Notifies the user of the outage; once, however many retries follow.
    pub(super) fn notify_unreachable(self) {
        if !self.server_unreachable.get_untracked() {
            self.server_unreachable.set(true);
        }
    }

    /// Clears the outage notification, the failure counts and the pending retry.
    pub(super) fn clear_unreachable(self) {
        self.server_unreachable.set(false);
        self.runtime.update_value(|runtime| {
            (runtime.consecutive_failures, runtime.attempt, runtime.retry_timer) = (0, 0, None);
        });
    }
}
