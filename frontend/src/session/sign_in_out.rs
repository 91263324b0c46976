//! In and out: what the person does to begin a session, and to end it.

use super::handle::SessionHandle;
use super::machine::Event;
use super::token_set::TokenSet;
use crate::api::{Failure, account, auth};
use crate::platform::clock::now;
use crate::platform::tab_lock::TabLock;
use latchkey_shared::{Account, ChangePasswordRequest, EndReason, LogInRequest, SignUpRequest, SignedIn};
use leptos::prelude::*;
use uuid::Uuid;

impl SessionHandle {
    /// Signs in.
    pub async fn sign_in(self, request: &LogInRequest) -> Result<(), Failure> {
        let _tab_lock = self.prepare_sign_in().await;
        self.finish_sign_in(auth::log_in(request).await, request.remember)
    }

    /// Makes an account and signs in.
    pub async fn sign_up(self, request: &SignUpRequest) -> Result<(), Failure> {
        let _tab_lock = self.prepare_sign_in().await;
        self.finish_sign_in(auth::sign_up(request).await, true)
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
        self.wait_until_idle().await;
        let _tab_lock = self.tab_lock().await;
        let answer = account::change_password(caller, request).await?;
        let remembered =
            self.state.with_untracked(|state| state.token_set().is_none_or(|token_set| token_set.remembered));
        let invalid_response = Failure::InvalidResponse { status: 200, retry_after: None };
        let token_set = TokenSet::from_response(answer, remembered, now()).ok_or(invalid_response)?;
        self.dispatch(Event::PasswordChanged(token_set));
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
    pub fn ended_by_account_deletion(self) -> bool {
        self.state.with_untracked(|state| state.end_reason() == Some(EndReason::AccountDeleted))
    }

    /// Gives up a session that has ended, or whose key is lost, to sign in as someone else.
    pub fn abandon(self) {
        self.dispatch(Event::Abandon);
    }

    fn finish_sign_in(self, answer: Result<SignedIn, Failure>, remembered: bool) -> Result<(), Failure> {
        let invalid_response = Failure::InvalidResponse { status: 200, retry_after: None };
        let token_set = answer
            .and_then(|answer| TokenSet::from_response(answer, remembered, now()).ok_or(invalid_response));
        if let Ok(token_set) = &token_set {
            self.dispatch(Event::SignedIn(token_set.clone()));
        }
        self.runtime.update_value(|runtime| {
            runtime.signing_in = false;
            runtime.waiters.wake();
        });
        token_set.map(drop)
    }

    /// A refresh or a sign-out whose answer is still to come, in this tab or in another, would replace the cookie of the
    /// session that is about to begin. The server is told of a sign-out now: afterwards there may be nothing left to tell it
    /// by.
    async fn prepare_sign_in(self) -> TabLock {
        self.wait_until_idle().await;
        self.runtime.update_value(|runtime| runtime.signing_in = true);
        let tab_lock = self.tab_lock().await;
        // Where it cannot be told, that keeps nobody from signing in.
        let _ = self.send_logout(None).await;
        tab_lock
    }

    /// Waits until no refresh and no sign-out of this tab is under way.
    async fn wait_until_idle(self) {
        while self.runtime.with_value(|runtime| runtime.in_flight.is_some() || runtime.logouts_in_flight > 0)
        {
            self.next_change().await;
        }
    }
}
