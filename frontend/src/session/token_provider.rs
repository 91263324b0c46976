//! Access tokens for requests: the current one or the next one, and never another account's.

use super::handle::SessionHandle;
use super::machine::Event;
use super::state::State;
use super::token_policy::{TokenDecision, token_decision};
use crate::api::Failure;
use crate::platform::clock::now;
use latchkey_shared::Secret;
use leptos::prelude::*;
use uuid::Uuid;

/// Maximum number of new tokens in a row that may expire before a request is sent, or before the server checks it.
pub const MAX_REFRESHES: u32 = 3;

/// Identity for which a request is made: the session, and the account that was signed in when the request began. Other
/// tabs can sign in as somebody else at any time.
#[derive(Clone, Copy)]
pub struct Caller {
    session: SessionHandle,
    /// None until it is known who is signed in.
    account: Option<Uuid>,
}

impl Caller {
    /// Returns the session.
    pub fn session(self) -> SessionHandle {
        self.session
    }

    /// Binds the request to the account that is signed in, if it was not known before; returns whether that account is
    /// still signed in.
    pub fn bind_and_check_account(&mut self) -> bool {
        let present = self.session.account_id();
        self.account = self.account.or(present);
        self.account == present
    }

    /// Returns a valid access token of the account: the current one or the next one. `refused` is the token with which
    /// the request was just refused. Waits for a refresh in flight, and for the password if the session has ended.
    ///
    /// Errors: `SignedOut` if another account or none is signed in, `Unreachable` if no token can be had from the
    /// server, `TooSlow` if the new tokens expire too soon.
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
                // The refresh that this request waited for has failed.
                TokenDecision::RefreshNeeded(_) if tried && session.interrupted() => {
                    return Err(session.unreachable_error());
                }
                // Each refresh returns a token that expires too soon.
                TokenDecision::RefreshNeeded(_) if refreshes >= MAX_REFRESHES => {
                    return Err(Failure::TooSlow);
                }
                TokenDecision::RefreshNeeded(cause) => {
                    session.dispatch(Event::RefreshNeeded(cause));
                    // If another tab was faster, its token is available at once.
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
    /// Returns the account that is signed in now, as the identity of a request.
    pub fn caller(self) -> Caller {
        Caller { session: self, account: self.account_id() }
    }

    /// Waits for the session's next change.
    pub(super) async fn next_change(self) {
        let change = self.runtime.try_update_value(|runtime| runtime.waiters.join());
        if let Some(change) = change {
            change.await;
        }
    }

    /// Returns the error for a request that needs a token while there is none, which is when the user has to be
    /// notified.
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
