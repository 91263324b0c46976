//! User actions that begin or end a session.

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

    /// Creates an account and signs in.
    pub async fn sign_up(self, request: &SignUpRequest) -> Result<(), Failure> {
        let _tab_lock = self.prepare_sign_in().await;
        self.finish_sign_in(auth::sign_up(request).await, true)
    }

    /// Signs out: in this browser at once, on the server as soon as it can be reached.
    pub fn sign_out(self) {
        self.dispatch(Event::SignOut);
    }

    /// Changes the password and continues with the new tokens.
    pub async fn change_password(self, request: &ChangePasswordRequest) -> Result<(), Failure> {
        // A refresh during this request would wait for the lock that this request has; one that reached the server
        // after this request would be refused.
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

    /// Updates the account to the server's latest response.
    pub fn account_changed(self, account: Account) {
        self.dispatch(Event::AccountChanged(account));
    }

    /// Handles the deletion of this account, which ended its session.
    pub fn deleted(self, account: Uuid) {
        self.dispatch(Event::Deleted(account));
    }

    /// Returns whether the session has ended because its account was deleted.
    pub fn ended_by_account_deletion(self) -> bool {
        self.state.with_untracked(|state| state.end_reason() == Some(EndReason::AccountDeleted))
    }

    /// Gives up a session that has ended, or whose key is lost, to sign in as somebody else.
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

    /// Waits for refreshes and sign-outs in flight and acquires the tab lock: a late response, in this tab or in
    /// another, would replace the new session's cookie. Sends a pending sign-out now: afterwards its credentials may be
    /// gone.
    async fn prepare_sign_in(self) -> TabLock {
        self.wait_until_idle().await;
        self.runtime.update_value(|runtime| runtime.signing_in = true);
        let tab_lock = self.tab_lock().await;
        // A sign-out that cannot be delivered must not prevent the sign-in.
        let _ = self.send_logout(None).await;
        tab_lock
    }

    /// Waits until this tab has no refresh and no sign-out by cookie in flight.
    async fn wait_until_idle(self) {
        while self.runtime.with_value(|runtime| runtime.in_flight.is_some() || runtime.logouts_in_flight > 0)
        {
            self.next_change().await;
        }
    }
}
