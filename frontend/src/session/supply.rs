//! A token for a call: the one in hand, or the next one.

use super::keeper::Session;
use super::machine::Event;
use super::stance::{Stance, stance};
use super::state::State;
use crate::api::Failure;
use crate::platform::clock::now;
use latchkey_shared::Secret;
use leptos::prelude::*;

impl Session {
    /// An access token that lasts: the one in hand, or the next one. `refused` is the token that a call was just
    /// refused with. Waits for a refresh that is under way, and for the password when the session has ended.
    pub async fn token(self, refused: Option<&Secret>) -> Result<Secret, Failure> {
        let whose = self.account_id();
        let (mut tried, mut renewals) = (false, 0);
        loop {
            // Somebody else's token must not carry this call.
            if whose.is_some() && self.account_id() != whose {
                return Err(Failure::SignedOut);
            }
            let (in_flight, paused) =
                self.desk.with_value(|desk| (desk.in_flight, now() < desk.paused_until));
            match self.state.with_untracked(|state| stance(state, now(), refused, in_flight, paused)) {
                Stance::Use(token) => return Ok(token),
                Stance::Out => return Err(Failure::SignedOut),
                Stance::Paused => return Err(self.none_to_be_had()),
                // The refresh that this call waited for has failed.
                Stance::Renew(_) if tried && self.interrupted() => return Err(self.none_to_be_had()),
                // It brings tokens that do not last.
                Stance::Renew(_) if renewals > 1 => return Err(Failure::Unreachable),
                Stance::Renew(cause) => {
                    (tried, renewals) = (true, renewals + 1);
                    self.dispatch(Event::Renew(cause));
                }
                Stance::Wait => {
                    tried = true;
                    self.change().await;
                }
            }
        }
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
        self.out_of_reach.set(true);
        Failure::Unreachable
    }

    fn interrupted(self) -> bool {
        self.state.with_untracked(|state| matches!(state, State::Interrupted(_)))
    }
}
