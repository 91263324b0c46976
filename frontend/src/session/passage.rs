//! In and out: what the person does to begin a session, and to end it.

use super::grant::Grant;
use super::keeper::Session;
use super::machine::Event;
use super::record::Record;
use super::timing::pause;
use crate::api::{Failure, auth};
use crate::platform::clock::{Timer, now, random};
use latchkey_shared::{Account, EndReason, ErrorCode, LogInRequest, Secret, SignUpRequest, SignedIn};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

impl Session {
    /// Signs in.
    pub async fn sign_in(self, request: &LogInRequest) -> Result<(), Failure> {
        self.clear_the_way().await;
        self.enter(auth::log_in(request).await?, request.remember)
    }

    /// Makes an account and signs in.
    pub async fn sign_up(self, request: &SignUpRequest) -> Result<(), Failure> {
        self.clear_the_way().await;
        self.enter(auth::sign_up(request).await?, true)
    }

    /// Signs out: here at once, on the server as soon as it can be reached.
    pub fn sign_out(self) {
        self.dispatch(Event::SignOut);
    }

    /// Takes over the account as the server has just described it.
    pub fn account_changed(self, account: Account) {
        self.dispatch(Event::AccountChanged(account));
    }

    /// The account is gone, and the session with it.
    pub fn deleted(self) {
        self.dispatch(Event::Deleted);
    }

    /// Whether the session has ended with its account.
    pub fn ended_with_the_account(self) -> bool {
        self.state.with_untracked(|state| state.end() == Some(EndReason::AccountDeleted))
    }

    /// Gives up a session that has ended, to sign in as someone else.
    pub fn leave(self) {
        self.dispatch(Event::Leave);
    }

    fn enter(self, answer: SignedIn, remembered: bool) -> Result<(), Failure> {
        let garbled = Failure::Garbled { status: 200, retry_after: None };
        let grant = Grant::received(answer, remembered, now()).ok_or(garbled)?;
        self.dispatch(Event::SignedIn(grant));
        Ok(())
    }

    /// A refresh or a sign-out whose answer is still to come would replace the cookie of the session that is about to
    /// begin.
    async fn clear_the_way(self) {
        while self.desk.with_value(|desk| desk.in_flight.is_some()) {
            self.change().await;
        }
        if matches!(self.stored(), Some(Record::SigningOut { .. })) && auth::log_out(None).await.is_ok() {
            self.dispatch(Event::LoggedOut);
        }
    }

    /// Tells the server of a sign-out until it has heard, unless another tab did or somebody signed in again.
    pub(super) fn log_out(self, token: Option<Secret>, attempt: u32) {
        spawn_local(async move {
            match auth::log_out(token.as_ref()).await {
                Err(failure) if failure.code() != Some(ErrorCode::TokenMissing) => {
                    let wait = pause(attempt, failure.retry_after(), random());
                    let again = Timer::after(wait, move || {
                        if matches!(self.stored(), Some(Record::SigningOut { .. })) {
                            self.log_out(None, attempt.saturating_add(1));
                        }
                    });
                    self.desk.update_value(|desk| desk.log_out = Some(again));
                }
                _ => self.dispatch(Event::LoggedOut),
            }
        });
    }
}
