//! No usable answer: the session is kept, the server asked again with growing pauses, and the person told once it means
//! something to them.

use super::journal::Cause;
use super::keeper::Session;
use super::machine::Event;
use super::state::State;
use super::timing::{matters, pause};
use crate::api::{Failure, auth};
use crate::platform::clock::{Timer, now, random};
use crate::platform::network;
use latchkey_shared::Timestamp;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

impl Session {
    /// What an ordinary call, sent as often as this, tells about the server: that it answers, or that it does not.
    pub fn heard_from_server(self, failure: Option<&Failure>, tries: u32) {
        match failure {
            Some(failure) if failure.is_outage() => self.failed(failure, tries),
            _ => self.dispatch(Event::Reached),
        }
    }

    /// Asks the server again, without waiting for the pause to end.
    pub fn try_now(self) {
        self.desk.update_value(|desk| desk.retry = None);
        let outage = self.state.with_untracked(|state| match state {
            State::Restoring => Some(None),
            State::Interrupted(grant) => Some(grant.lasts(now()).then(|| grant.access_token.clone())),
            _ => None,
        });
        match outage {
            None => {}
            Some(None) if self.account_id().is_none() => self.refresh(Cause::Start),
            Some(None) => self.dispatch(Event::Renew(Cause::Retry)),
            Some(Some(token)) => spawn_local(async move {
                match auth::verify_once(&token).await {
                    Err(failure) if failure.asks_for_another_token() => {
                        self.dispatch(Event::Renew(Cause::Refusal));
                    }
                    Err(failure) => self.failed(&failure, 1),
                    Ok(()) => self.dispatch(Event::Reached),
                }
            }),
        }
    }

    /// The server was asked as often as this, and gave no usable answer.
    pub(super) fn failed(self, failure: &Failure, tries: u32) {
        let asked = failure.retry_after();
        let address = failure.right_address();
        if self.right_address.with_untracked(|known| *known != address) {
            self.right_address.set(address);
        }
        self.desk.update_value(|desk| {
            desk.misses = desk.misses.saturating_add(tries);
            desk.retry_after = asked;
            desk.paused_until = asked.map_or(Timestamp::default(), |pause| now() + pause);
        });
        self.dispatch(Event::Failed);
    }

    /// Tries again after a pause, and tells the person if that concerns them.
    pub(super) fn retry_later(self) {
        let lasts = self.state.with_untracked(|state| state.grant().is_some_and(|grant| grant.lasts(now())));
        if matters(self.desk.with_value(|desk| desk.misses), lasts, network::is_offline()) {
            self.tell_out_of_reach();
        }
        let (waiting, attempt, asked) =
            self.desk.with_value(|desk| (desk.retry.is_some(), desk.attempt, desk.retry_after));
        if waiting {
            return;
        }
        let timer = Timer::after(pause(attempt, asked, random()), move || self.try_now());
        self.desk.update_value(|desk| {
            desk.attempt = attempt.saturating_add(1);
            desk.retry = Some(timer);
        });
    }

    /// From now on the person is told; once, however often it is tried.
    pub(super) fn tell_out_of_reach(self) {
        if !self.out_of_reach.get_untracked() {
            self.out_of_reach.set(true);
        }
    }

    /// The server has answered.
    pub(super) fn back_in_reach(self) {
        self.out_of_reach.set(false);
        self.desk.update_value(|desk| (desk.misses, desk.attempt, desk.retry) = (0, 0, None));
    }
}
