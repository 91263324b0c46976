//! Carries out what the state machine decides: storage, timers, and the calls that trade tokens.

use super::grant::Grant;
use super::journal::{self, Cause, Deed, Entry};
use super::machine::{self, Effect, Event};
use super::record::{KEY, Record};
use super::stance::{Admission, Stance, admission, stance};
use super::state::State;
use super::timing::{Todo, due, pause, what_to_do};
use super::waiters::Waiters;
use crate::api::{Failure, auth};
use crate::platform::clock::{Timer, now, random};
use crate::platform::storage::{self, Missing};
use crate::platform::turns;
use latchkey_shared::{Account, LogInRequest, Secret, SignUpRequest, SignedIn, Timestamp};
use leptos::prelude::*;
use std::time::Duration;
use uuid::Uuid;
use wasm_bindgen_futures::spawn_local;

/// How long a tab waits while another one asks for the next token, in milliseconds.
const PATIENCE_MS: u32 = 2_000;

/// The page's handle on the session: a few words long, and the same everywhere.
#[derive(Clone, Copy)]
pub struct Session {
    state: RwSignal<State>,
    /// Whether the last answer was none; it outlasts the next try, so that the bar does not flicker.
    out_of_reach: RwSignal<bool>,
    log: RwSignal<Vec<Entry>>,
    desk: StoredValue<Desk, LocalStorage>,
}

/// What lies around while the session is kept.
#[derive(Default)]
struct Desk {
    /// Whether local storage took the last record; if not, this tab goes by its own memory.
    stores: bool,
    in_flight: Option<Cause>,
    /// Whether the server is being asked if the session lives, because the person has come back to the tab.
    checking: bool,
    /// Whether the person has done anything in this tab since the last token came.
    used: bool,
    due: Timestamp,
    attempt: u32,
    retry_after: Option<Duration>,
    /// Until when the server asked not to be asked.
    paused_until: Timestamp,
    ahead: Option<Timer>,
    retry: Option<Timer>,
    soon: Option<Timer>,
    log_out: Option<Timer>,
    waiters: Waiters,
}

impl Session {
    /// Takes up what local storage holds; asks the refresh cookie where that says nothing.
    pub fn start() -> Self {
        let stored = storage::read::<Record>(KEY);
        let state = match &stored {
            Ok(Record::SignedIn(grant)) => State::SignedIn(grant.clone()),
            // A sign-out needs no mention on the next day; any other end does.
            Ok(record) => {
                State::SignedOut(record.end().filter(|end| *end != latchkey_shared::EndReason::SignedOut))
            }
            Err(Missing::Absent) => State::SignedOut(None),
            Err(Missing::Unusable) => State::Restoring,
        };
        let session = Self {
            state: RwSignal::new(state),
            out_of_reach: RwSignal::new(false),
            log: RwSignal::new(Vec::new()),
            desk: StoredValue::new_local(Desk { stores: true, ..Desk::default() }),
        };
        match stored {
            Ok(Record::SignedIn(_)) => {
                session.note(Deed::Loaded);
                session.plan();
            }
            Ok(Record::SigningOut { .. }) => session.log_out(None, 0),
            Ok(Record::SignedOut { .. }) => {}
            Err(_) => session.refresh(Cause::Start),
        }
        session.listen();
        session
    }

    /// Whose page this is, followed by views.
    pub fn account(self) -> Option<Account> {
        self.state.with(|state| state.account().cloned())
    }

    /// The token in hand, followed by views.
    pub fn grant(self) -> Option<Grant> {
        self.state.with(|state| state.grant().cloned())
    }

    /// Whether the server is out of reach, followed by views.
    pub fn waiting_for_server(self) -> bool {
        self.out_of_reach.get()
    }

    /// Whether somebody is signed in at this moment.
    pub fn is_signed_in(self) -> bool {
        self.state.with_untracked(|state| state.grant().is_some())
    }

    /// A part of the state, followed by views.
    pub fn with<T>(self, look: impl FnOnce(&State) -> T) -> T {
        self.state.with(look)
    }

    /// What the page did with the token lately, newest first; followed by views.
    pub fn log(self) -> Vec<Entry> {
        self.log.get()
    }

    /// Whether a protected page that is opened now may be shown; its state at this moment.
    pub fn admission(self) -> Admission {
        self.state.with_untracked(|state| admission(state, now()))
    }

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
                Stance::Paused => return Err(Failure::Unreachable),
                // The refresh that this call waited for has failed, or brings tokens that do not last.
                Stance::Renew(_) if renewals > 1 || tried && self.interrupted() => {
                    return Err(Failure::Unreachable);
                }
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

    /// What an ordinary call tells about the server: that it answers, or that it does not.
    pub fn heard_from_server(self, failure: Option<&Failure>) {
        match failure {
            Some(failure) if failure.is_outage() => self.failed(failure),
            _ => self.dispatch(Event::Reached),
        }
    }

    /// Signs in.
    pub async fn sign_in(self, request: &LogInRequest) -> Result<(), Failure> {
        self.clear_the_way().await;
        self.enter(auth::log_in(request).await?)
    }

    /// Makes an account and signs in.
    pub async fn sign_up(self, request: &SignUpRequest) -> Result<(), Failure> {
        self.clear_the_way().await;
        self.enter(auth::sign_up(request).await?)
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

    /// Gives up a session that has ended, to sign in as someone else.
    pub fn leave(self) {
        self.dispatch(Event::Leave);
    }

    /// Asks the server again, without waiting for the pause to end.
    pub fn try_now(self) {
        self.desk.update_value(|desk| desk.retry = None);
        let outage = self.state.with_untracked(|state| match state {
            State::Restoring => Some(None),
            State::Interrupted(grant) => Some(grant.lasts(now()).then(|| grant.access_token.clone())),
            _ => None,
        });
        match outage {
            None => {}
            Some(None) if self.account_id().is_none() => self.refresh(Cause::Start),
            Some(None) => self.dispatch(Event::Renew(Cause::Retry)),
            Some(Some(token)) => spawn_local(async move {
                match auth::verify_once(&token).await {
                    Err(failure) if failure.asks_for_another_token() => {
                        self.dispatch(Event::Renew(Cause::Refusal));
                    }
                    Err(failure) => self.failed(&failure),
                    Ok(()) => self.dispatch(Event::Reached),
                }
            }),
        }
    }

    /// The person does something in this tab.
    pub(super) fn used(self) {
        self.desk.update_value(|desk| desk.used = true);
        self.refresh_if_due();
    }

    /// Another tab has stored this.
    pub(super) fn heard(self, record: Record) {
        self.dispatch(Event::Stored(record));
    }

    /// The page wakes: events of other tabs may have been missed.
    pub(super) fn woke(self) {
        if let Some(record) = self.stored() {
            self.heard(record);
        }
        self.used();
        if !self.desk.with_value(|desk| now() < desk.paused_until) {
            self.try_now();
            self.check();
        }
    }

    /// Asks whether the session still lives: it may have been ended from elsewhere while nobody looked.
    fn check(self) {
        let at_rest = self.state.with_untracked(|state| match state {
            State::SignedIn(grant) => grant.lasts(now()),
            _ => false,
        });
        // A browser tells of one return in several ways.
        if !at_rest || self.desk.with_value(|desk| desk.checking) {
            return;
        }
        self.desk.update_value(|desk| desk.checking = true);
        spawn_local(async move {
            // What goes wrong shows in the state.
            let _ = auth::verify(self).await;
            self.desk.update_value(|desk| desk.checking = false);
        });
    }

    fn interrupted(self) -> bool {
        self.state.with_untracked(|state| matches!(state, State::Interrupted(_)))
    }

    fn account_id(self) -> Option<Uuid> {
        self.state.with_untracked(|state| state.account().map(|account| account.id))
    }

    fn stored(self) -> Option<Record> {
        if self.desk.with_value(|desk| desk.stores) { storage::read(KEY).ok() } else { None }
    }

    fn enter(self, answer: SignedIn) -> Result<(), Failure> {
        let garbled = Failure::Garbled { status: 200, retry_after: None };
        let grant = Grant::received(answer, now()).ok_or(garbled)?;
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

    async fn change(self) {
        let change = self.desk.try_update_value(|desk| desk.waiters.join());
        if let Some(change) = change {
            change.await;
        }
    }

    fn dispatch(self, event: Event) {
        let stored = self.stored();
        let (state, effects) =
            self.state.with_untracked(|state| machine::step(state, event, stored.as_ref(), now()));
        if self.state.with_untracked(|current| *current != state) {
            let new_token = state.grant().map(|grant| &grant.access_token)
                != self.state.get_untracked().grant().map(|grant| &grant.access_token);
            let undecided = matches!(state, State::Interrupted(_) | State::Refreshing(_) | State::Restoring);
            self.state.set(state);
            if !undecided {
                self.out_of_reach.set(false);
                self.desk.update_value(|desk| (desk.attempt, desk.retry) = (0, None));
            }
            if new_token {
                self.plan();
            }
        }
        if effects.contains(&Effect::RetryLater) {
            self.out_of_reach.set(true);
        }
        for effect in effects {
            self.carry_out(effect);
        }
        self.desk.update_value(|desk| desk.waiters.wake());
    }

    fn carry_out(self, effect: Effect) {
        match effect {
            Effect::Write(record) => {
                let stores = storage::write(KEY, &record);
                self.desk.update_value(|desk| desk.stores = stores);
            }
            Effect::Refresh(cause) => self.refresh(cause),
            Effect::RefreshSoon => {
                let wait = Duration::from_millis(800).mul_f64(1.0 + random());
                let timer = Timer::after(wait, move || self.dispatch(Event::Renew(Cause::Overtaken)));
                self.desk.update_value(|desk| desk.soon = Some(timer));
            }
            Effect::RetryLater => self.retry_later(),
            Effect::LogOut(grant) => {
                self.log_out(grant.filter(|grant| grant.lasts(now())).map(|grant| grant.access_token), 0);
            }
            Effect::Note(deed) => self.note(deed),
        }
    }

    /// Asks for the next token; one question at a time, and one tab after the other: what a tab would ask for has often
    /// come when its turn does. That spares the server, and answers that overtake one another; nothing depends on it.
    fn refresh(self, cause: Cause) {
        if self.desk.with_value(|desk| desk.in_flight.is_some()) {
            return;
        }
        self.desk.update_value(|desk| desk.in_flight = Some(cause));
        spawn_local(async move {
            let turn = turns::take(KEY, PATIENCE_MS).await;
            if let Some(record) = self.stored() {
                self.heard(record);
            }
            if !self.still_asks() {
                self.desk.update_value(|desk| desk.in_flight = None);
                return self.desk.update_value(|desk| desk.waiters.wake());
            }
            let asked = self.state.with_untracked(|state| state.grant().map(|grant| grant.sid));
            let answer = auth::refresh().await;
            self.desk.update_value(|desk| desk.in_flight = None);
            match answer.map(|answer| Grant::received(answer, now())) {
                Ok(Some(grant)) => self.dispatch(Event::Refreshed { asked, cause, grant }),
                Ok(None) => self.dispatch(Event::Failed),
                Err(failure) => match failure.verdict() {
                    crate::api::Verdict::Over(reason) => self.dispatch(Event::Refused { asked, reason }),
                    crate::api::Verdict::Undecided => self.failed(&failure),
                },
            }
            // The others look at what this answer has left behind.
            drop(turn);
        });
    }

    /// Whether the next token is still to be asked for, after other tabs have had their turn.
    fn still_asks(self) -> bool {
        use State::{Ended, Interrupted, Refreshing, Restoring, SignedIn, SignedOut};
        self.state.with_untracked(|state| match state {
            Restoring | Refreshing(_) | Interrupted(_) | SignedOut(None) => true,
            SignedIn(_) | SignedOut(Some(_)) | Ended { .. } => false,
        })
    }

    fn failed(self, failure: &Failure) {
        let asked = failure.retry_after();
        self.desk.update_value(|desk| {
            desk.retry_after = asked;
            desk.paused_until = asked.map_or(Timestamp::default(), |pause| now() + pause);
        });
        self.dispatch(Event::Failed);
    }

    fn retry_later(self) {
        let (waiting, attempt, asked) =
            self.desk.with_value(|desk| (desk.retry.is_some(), desk.attempt, desk.retry_after));
        if waiting {
            return;
        }
        let timer = Timer::after(pause(attempt, asked, random()), move || self.try_now());
        self.desk.update_value(|desk| {
            desk.attempt = attempt.saturating_add(1);
            desk.retry = Some(timer);
        });
    }

    /// Tells the server of a sign-out until it has heard, unless another tab did or somebody signed in again.
    fn log_out(self, token: Option<Secret>, attempt: u32) {
        spawn_local(async move {
            match auth::log_out(token.as_ref()).await {
                Err(failure) if failure.code() != Some(latchkey_shared::ErrorCode::TokenMissing) => {
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

    /// A new token came: plans when the next one is due.
    fn plan(self) {
        let at = self.state.with_untracked(|state| state.grant().map(|grant| due(grant, random())));
        self.desk.update_value(|desk| {
            desk.used = false;
            desk.due = at.unwrap_or_default();
            desk.ahead = None;
        });
        self.refresh_if_due();
    }

    fn refresh_if_due(self) {
        let Some(lasts) = self.state.with_untracked(|state| match state {
            State::SignedIn(grant) => Some(grant.lasts(now())),
            _ => None,
        }) else {
            return;
        };
        let (at, used, waiting) = self.desk.with_value(|desk| (desk.due, desk.used, desk.ahead.is_some()));
        match what_to_do(now(), at, used) {
            Todo::Refresh => self.dispatch(Event::Renew(if lasts { Cause::Ahead } else { Cause::Lapse })),
            Todo::WaitUntil(_) if waiting => {}
            Todo::WaitUntil(at) => {
                let timer = Timer::after(now().until(at), move || {
                    self.desk.update_value(|desk| desk.ahead = None);
                    self.refresh_if_due();
                });
                self.desk.update_value(|desk| desk.ahead = Some(timer));
            }
            Todo::LetLapse => {}
        }
    }

    fn note(self, deed: Deed) {
        let generation = self.state.with_untracked(|state| state.grant().map_or(0, |grant| grant.generation));
        let entry = Entry { at: now(), deed, generation };
        self.log.update(|log| journal::note(log, entry));
    }
}
