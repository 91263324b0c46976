//! The trade of the refresh cookie for the next access token.

use super::grant::Grant;
use super::journal::Cause;
use super::keeper::Session;
use super::machine::Event;
use super::record::KEY;
use super::state::State;
use crate::api::{Failure, Verdict, auth};
use crate::platform::clock::now;
use crate::platform::hint::{self, Mark};
use crate::platform::turns::{self, Turn};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

/// How long a tab waits while another one has its turn, in milliseconds.
const PATIENCE_MS: u32 = 2_000;

impl Session {
    /// Asks for the next token; one question at a time, and one tab after the other: what a tab would ask for has often
    /// come when its turn does. That spares the server, and answers that overtake one another; nothing depends on it.
    pub(super) fn refresh(self, cause: Cause) {
        if self.desk.with_value(|desk| desk.in_flight.is_some()) {
            return;
        }
        self.desk.update_value(|desk| desk.in_flight = Some(cause));
        spawn_local(async move {
            let turn = self.turn().await;
            if let Some(record) = self.stored() {
                self.heard(record);
            }
            if !self.still_asks() {
                self.desk.update_value(|desk| desk.in_flight = None);
                return self.desk.update_value(|desk| desk.waiters.wake());
            }
            self.ask(cause).await;
            // The others look at what this answer has left behind.
            drop(turn);
        });
    }

    /// Waits for this tab's turn: whatever brings a cookie, or takes it away, comes one after the other.
    pub(super) async fn turn(self) -> Turn {
        turns::take(KEY, PATIENCE_MS).await
    }

    async fn ask(self, cause: Cause) {
        let (asked, remembered, time) = self.state.with_untracked(|state| match state.grant() {
            Some(grant) => (Some(grant.sid), grant.remembered, grant.server_time(now())),
            None => (None, hint::read() != Some(Mark::Passing), now()),
        });
        let (answer, tries) = auth::refresh(time).await;
        self.keep_leaving();
        self.desk.update_value(|desk| desk.in_flight = None);
        let garbled = Failure::Garbled { status: 200, retry_after: None };
        match answer.and_then(|answer| Grant::received(answer, remembered, now()).ok_or(garbled)) {
            Ok(grant) => self.dispatch(Event::Refreshed { asked, cause, grant }),
            Err(failure) => match failure.verdict() {
                Verdict::Over(reason) => self.dispatch(Event::Refused { asked, reason }),
                Verdict::KeyLost => self.dispatch(Event::Unproven { asked }),
                Verdict::Undecided => self.failed(&failure, tries),
            },
        }
    }

    /// Where nothing is stored the mark alone says that the person has left, and an answer that came too late has set
    /// another one over it.
    fn keep_leaving(self) {
        let is_told = self.desk.with_value(|desk| desk.farewells > 0);
        if is_told && self.stored().is_none() && self.state.with_untracked(|state| state.grant().is_none()) {
            hint::keep(Some(Mark::Leaving));
        }
    }

    /// Whether the next token is still to be asked for, after other tabs have had their turn.
    fn still_asks(self) -> bool {
        use State::{Ended, Interrupted, KeyLost, Refreshing, Restoring, SignedIn, SignedOut};
        self.state.with_untracked(|state| match state {
            Restoring | Refreshing(_) | Interrupted(_) => true,
            SignedIn(_) | SignedOut(_) | Ended { .. } | KeyLost(_) => false,
        })
    }
}
