//! In and out: what the person does to begin a session, and to end it.

use super::grant::Grant;
use super::keeper::Session;
use super::machine::Event;
use crate::api::{Failure, account, auth};
use crate::platform::clock::now;
use crate::platform::turns::Turn;
use latchkey_shared::{Account, ChangePasswordRequest, EndReason, LogInRequest, SignUpRequest, SignedIn};
use leptos::prelude::*;
use uuid::Uuid;

impl Session {
    /// Signs in.
    pub async fn sign_in(self, request: &LogInRequest) -> Result<(), Failure> {
        let _turn = self.clear_the_way().await;
        self.enter(auth::log_in(request).await, request.remember)
    }

    /// Makes an account and signs in.
    pub async fn sign_up(self, request: &SignUpRequest) -> Result<(), Failure> {
        let _turn = self.clear_the_way().await;
        self.enter(auth::sign_up(request).await, true)
    }

    /// Signs out: here at once, on the server as soon as it can be reached.
    pub fn sign_out(self) {
        self.dispatch(Event::SignOut);
    }

    /// Changes the password, and goes on with the tokens that this brings.
    pub async fn change_password(self, request: &ChangePasswordRequest) -> Result<(), Failure> {
        // A refresh that this call had to wait for would wait for its turn; one that reached the server after this call
        // would be refused.
        let mut caller = self.caller();
        caller.token(None).await?;
        self.answers_are_in().await;
        let _turn = self.turn().await;
        let answer = account::change_password(caller, request).await?;
        let remembered =
            self.state.with_untracked(|state| state.grant().is_none_or(|grant| grant.remembered));
        let garbled = Failure::Garbled { status: 200, retry_after: None };
        let grant = Grant::received(answer, remembered, now()).ok_or(garbled)?;
        self.dispatch(Event::Renewed(grant));
        Ok(())
    }

    /// Takes over the account as the server has just described it.
    pub fn account_changed(self, account: Account) {
        self.dispatch(Event::AccountChanged(account));
    }

    /// This account is gone, and the session with it.
    pub fn deleted(self, account: Uuid) {
        self.dispatch(Event::Deleted(account));
    }

    /// Whether the session has ended with its account.
    pub fn ended_with_the_account(self) -> bool {
        self.state.with_untracked(|state| state.end() == Some(EndReason::AccountDeleted))
    }

    /// Gives up a session that has ended, or whose key is lost, to sign in as someone else.
    pub fn leave(self) {
        self.dispatch(Event::Leave);
    }

    fn enter(self, answer: Result<SignedIn, Failure>, remembered: bool) -> Result<(), Failure> {
        let garbled = Failure::Garbled { status: 200, retry_after: None };
        let grant = answer.and_then(|answer| Grant::received(answer, remembered, now()).ok_or(garbled));
        if let Ok(grant) = &grant {
            self.dispatch(Event::SignedIn(grant.clone()));
        }
        self.desk.update_value(|desk| {
            desk.entering = false;
            desk.waiters.wake();
        });
        grant.map(drop)
    }

    /// A refresh or a sign-out whose answer is still to come, in this tab or in another, would replace the cookie of the
    /// session that is about to begin. The server is told of a sign-out now: afterwards there may be nothing left to tell it
    /// by.
    async fn clear_the_way(self) -> Turn {
        self.answers_are_in().await;
        self.desk.update_value(|desk| desk.entering = true);
        let turn = self.turn().await;
        // Where it cannot be told, that keeps nobody from signing in.
        let _ = self.tell(None).await;
        turn
    }

    /// Waits until no refresh and no sign-out of this tab is under way.
    async fn answers_are_in(self) {
        while self.desk.with_value(|desk| desk.in_flight.is_some() || desk.telling > 0) {
            self.change().await;
        }
    }
}
