//! A sign-out that the server has yet to hear of: it holds here at once, and the server is told until it has heard.

use super::grant::Grant;
use super::keeper::Session;
use super::machine::Event;
use super::record::Record;
use super::timing::pause;
use crate::api::{Failure, auth};
use crate::platform::clock::{now, random, wait};
use crate::platform::hint::{self, Mark};
use latchkey_shared::{Secret, Timestamp};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

/// How the server is told.
#[derive(PartialEq, Eq, Debug)]
enum Farewell {
    /// By the cookie, which is still that of the session that was left; also by its token, while that lasts.
    Cookie(Option<Secret>),
    /// By the token alone: the cookie belongs to a session that has begun since.
    Token(Secret),
    /// Not at all: there is nothing left to tell it by, or another tab has told it.
    Done,
}

/// Decides for a session that was `left`, where this tab knows it, and that the cookie `still` belongs to.
fn farewell(still: bool, left: Option<&Grant>, now: Timestamp) -> Farewell {
    let token = left.filter(|left| left.lasts(now)).map(|left| left.access_token.clone());
    match (still, token) {
        (true, token) => Farewell::Cookie(token),
        (false, Some(token)) => Farewell::Token(token),
        (false, None) => Farewell::Done,
    }
}

impl Session {
    /// Tells the server of a sign-out until it has heard, also after somebody has signed in again.
    pub(super) fn log_out(self, left: Option<Grant>) {
        self.desk.update_value(|desk| desk.farewells += 1);
        spawn_local(async move {
            let mut attempt = 0;
            loop {
                let turn = self.turn().await;
                // What is told now could meet the cookie of a session that is about to begin.
                let told = match self.desk.with_value(|desk| desk.entering) {
                    true => Err(Failure::Unreachable),
                    false => self.tell(left.as_ref()).await,
                };
                drop(turn);
                let Err(failure) = told else { break };
                wait(pause(attempt, failure.retry_after(), random())).await;
                attempt = attempt.saturating_add(1);
            }
            self.desk.update_value(|desk| desk.farewells -= 1);
        });
    }

    /// Tells the server once, in this tab's turn.
    pub(super) async fn tell(self, left: Option<&Grant>) -> Result<(), Failure> {
        let (token, by_cookie) = match farewell(self.is_leaving(), left, now()) {
            Farewell::Done => return Ok(()),
            Farewell::Token(token) => (Some(token), false),
            Farewell::Cookie(token) => (token, true),
        };
        self.desk.update_value(|desk| desk.telling += u32::from(by_cookie));
        let heard = auth::log_out(token, by_cookie).await;
        self.desk.update_value(|desk| desk.telling -= u32::from(by_cookie));
        if heard.is_ok() && by_cookie && self.is_leaving() {
            self.dispatch(Event::LoggedOut);
        }
        self.desk.update_value(|desk| desk.waiters.wake());
        heard
    }

    /// Takes over what another tab was about to tell the server, and may not have: nobody knows whether it is still open.
    pub(super) fn take_over_farewell(self) {
        if self.is_leaving() && self.desk.with_value(|desk| desk.farewells == 0) {
            self.log_out(None);
        }
    }

    /// Whether the cookie is still that of a session that the person has left. Where nothing is stored, the mark tells.
    fn is_leaving(self) -> bool {
        match self.stored() {
            Some(record) => matches!(record, Record::SigningOut { .. }),
            None => hint::read() == Some(Mark::Leaving),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::samples::grant;
    use wasm_bindgen_test::wasm_bindgen_test;

    const EARLY: Timestamp = Timestamp::from_seconds(10);
    const LATE: Timestamp = Timestamp::from_seconds(1_000);

    #[wasm_bindgen_test]
    fn the_cookie_tells_it_as_long_as_it_is_that_of_the_session_that_was_left() {
        let left = grant(1, 600);
        assert_eq!(farewell(true, Some(&left), EARLY), Farewell::Cookie(Some(left.access_token.clone())));
        assert_eq!(farewell(true, Some(&left), LATE), Farewell::Cookie(None));
        assert_eq!(farewell(true, None, EARLY), Farewell::Cookie(None));
    }

    #[wasm_bindgen_test]
    fn a_session_that_has_begun_since_is_left_alone() {
        let left = grant(1, 600);
        assert_eq!(farewell(false, Some(&left), EARLY), Farewell::Token(left.access_token.clone()));
        assert_eq!(farewell(false, Some(&left), LATE), Farewell::Done);
        assert_eq!(farewell(false, None, EARLY), Farewell::Done);
    }
}
