//! A token for a call: the one in hand, or the next one, and never another account's.

use super::keeper::Session;
use super::machine::Event;
use super::stance::{Stance, stance};
use super::state::State;
use crate::api::Failure;
use crate::platform::clock::now;
use latchkey_shared::Secret;
use leptos::prelude::*;
use uuid::Uuid;

/// How many new tokens in a row a call may see end before it is sent, or is looked at.
pub const RENEWALS: u32 = 3;

/// In whose name a call is made: the session, and the account that was signed in when the call began. Other tabs can sign
/// in as somebody else at any time.
#[derive(Clone, Copy)]
pub struct Caller {
    session: Session,
    /// None until it is known who is signed in.
    account: Option<Uuid>,
}

impl Caller {
    /// The session.
    pub fn session(self) -> Session {
        self.session
    }

    /// Takes whoever is signed in for the one that the call is made for, where that was not known yet; whether it is still
    /// they who are signed in.
    pub fn adopt_and_check(&mut self) -> bool {
        let present = self.session.account_id();
        self.account = self.account.or(present);
        self.account == present
    }

    /// An access token of the account that lasts: the one in hand, or the next one. `refused` is the token that the call
    /// was just refused with. Waits for a refresh that is under way, and for the password when the session has ended.
    pub async fn token(&mut self, refused: Option<&Secret>) -> Result<Secret, Failure> {
        let session = self.session;
        let (mut tried, mut renewals) = (false, 0);
        loop {
            if !self.adopt_and_check() {
                return Err(Failure::SignedOut);
            }
            let (in_flight, paused) =
                session.desk.with_value(|desk| (desk.in_flight, now() < desk.paused_until));
            match session.state.with_untracked(|state| stance(state, now(), refused, in_flight, paused)) {
                Stance::Use(token) => return Ok(token),
                Stance::Out => return Err(Failure::SignedOut),
                Stance::Paused => return Err(session.none_to_be_had()),
                // The refresh that this call waited for has failed.
                Stance::Renew(_) if tried && session.interrupted() => return Err(session.none_to_be_had()),
                // It brings tokens that do not last.
                Stance::Renew(_) if renewals >= RENEWALS => return Err(Failure::TooSlow),
                Stance::Renew(cause) => {
                    session.dispatch(Event::Renew(cause));
                    // Where another tab was quicker, its token is there at once.
                    renewals += u32::from(session.refreshing());
                    tried = true;
                }
                Stance::Wait => {
                    tried = true;
                    session.change().await;
                }
            }
        }
    }
}

impl Session {
    /// Whoever is signed in now, as the one in whose name a call is made.
    pub fn caller(self) -> Caller {
        Caller { session: self, account: self.account_id() }
    }

    /// Waits until something has happened to the session.
    pub(super) async fn change(self) {
        let change = self.desk.try_update_value(|desk| desk.waiters.join());
        if let Some(change) = change {
            change.await;
        }
    }

    /// A call needs a token, and there is none: now the person is concerned.
    fn none_to_be_had(self) -> Failure {
        self.tell_out_of_reach();
        Failure::Unreachable
    }

    fn refreshing(self) -> bool {
        self.state.with_untracked(|state| matches!(state, State::Refreshing(_)))
    }

    fn interrupted(self) -> bool {
        self.state.with_untracked(|state| matches!(state, State::Interrupted(_)))
    }
}
