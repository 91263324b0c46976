//! A token for a call: the one in hand, or the next one, and never another account's.

use super::handle::SessionHandle;
use super::machine::Event;
use super::state::State;
use super::token_policy::{TokenDecision, token_decision};
use crate::api::Failure;
use crate::platform::clock::now;
use latchkey_shared::Secret;
use leptos::prelude::*;
use uuid::Uuid;

/// How many new tokens in a row a call may see end before it is sent, or is looked at.
pub const MAX_REFRESHES: u32 = 3;

/// In whose name a call is made: the session, and the account that was signed in when the call began. Other tabs can sign
/// in as somebody else at any time.
#[derive(Clone, Copy)]
pub struct Caller {
    session: SessionHandle,
    /// None until it is known who is signed in.
    account: Option<Uuid>,
}

impl Caller {
    /// The session.
    pub fn session(self) -> SessionHandle {
        self.session
    }

    /// Takes whoever is signed in for the one that the call is made for, where that was not known yet; whether it is still
    /// they who are signed in.
    pub fn bind_and_check_account(&mut self) -> bool {
        let present = self.session.account_id();
        self.account = self.account.or(present);
        self.account == present
    }

    /// An access token of the account that lasts: the one in hand, or the next one. `refused` is the token that the call
    /// was just refused with. Waits for a refresh that is under way, and for the password when the session has ended.
    pub async fn token(&mut self, refused: Option<&Secret>) -> Result<Secret, Failure> {
        let session = self.session;
        let (mut tried, mut refreshes) = (false, 0);
        loop {
            if !self.bind_and_check_account() {
                return Err(Failure::SignedOut);
            }
            let (in_flight, paused) =
                session.runtime.with_value(|runtime| (runtime.in_flight, now() < runtime.paused_until));
            match session
                .state
                .with_untracked(|state| token_decision(state, now(), refused, in_flight, paused))
            {
                TokenDecision::Use(token) => return Ok(token),
                TokenDecision::SignedOut => return Err(Failure::SignedOut),
                TokenDecision::Paused => return Err(session.unreachable_error()),
                // The refresh that this call waited for has failed.
                TokenDecision::RefreshNeeded(_) if tried && session.interrupted() => {
                    return Err(session.unreachable_error());
                }
                // It brings tokens that do not last.
                TokenDecision::RefreshNeeded(_) if refreshes >= MAX_REFRESHES => {
                    return Err(Failure::TooSlow);
                }
                TokenDecision::RefreshNeeded(cause) => {
                    session.dispatch(Event::RefreshNeeded(cause));
                    // Where another tab was quicker, its token is there at once.
                    refreshes += u32::from(session.refreshing());
                    tried = true;
                }
                TokenDecision::Wait => {
                    tried = true;
                    session.next_change().await;
                }
            }
        }
    }
}

impl SessionHandle {
    /// Whoever is signed in now, as the one in whose name a call is made.
    pub fn caller(self) -> Caller {
        Caller { session: self, account: self.account_id() }
    }

    /// Waits until something has happened to the session.
    pub(super) async fn next_change(self) {
        let change = self.runtime.try_update_value(|runtime| runtime.waiters.join());
        if let Some(change) = change {
            change.await;
        }
    }

    /// A call needs a token, and there is none: now the person is concerned.
    fn unreachable_error(self) -> Failure {
        self.notify_unreachable();
        Failure::Unreachable
    }

    fn refreshing(self) -> bool {
        self.state.with_untracked(|state| matches!(state, State::Refreshing(_)))
    }

    fn interrupted(self) -> bool {
        self.state.with_untracked(|state| matches!(state, State::Interrupted(_)))
    }
}
