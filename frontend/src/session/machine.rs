//! The session's state machine: where it stands, what happened, what another tab has stored; from these, where it
//! stands next and what is to be done. It does nothing itself.

use super::grant::Grant;
use super::journal::{Cause, Deed};
use super::record::Record;
use super::state::State;
use latchkey_shared::{Account, EndReason, Timestamp};
use uuid::Uuid;

/// What happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// The access token has to be replaced.
    Renew(Cause),
    /// A refresh brought the next token.
    Refreshed {
        /// For which session it was asked; none when the cookie alone was to decide.
        asked: Option<Uuid>,
        /// Why it was asked.
        cause: Cause,
        /// What came.
        grant: Grant,
    },
    /// A refresh was refused: the session is over.
    Refused {
        /// For which session it was asked.
        asked: Option<Uuid>,
        /// Why it is over; none where there was no session at all.
        reason: Option<EndReason>,
    },
    /// A refresh was refused for want of the session's key.
    Unproven {
        /// For which session it was asked.
        asked: Option<Uuid>,
    },
    /// The server gave no usable answer.
    Failed,
    /// The server answers.
    Reached,
    /// The person signed in, in this tab.
    SignedIn(Grant),
    /// The person changed the password: the session goes on with this.
    Renewed(Grant),
    /// The person changed their account.
    AccountChanged(Account),
    /// The person signs out.
    SignOut,
    /// The server knows of the sign-out.
    LoggedOut,
    /// The person deleted this account.
    Deleted(Uuid),
    /// The person gave up a session that had ended, or whose key was lost, to sign in as someone else.
    Leave,
    /// Another tab stored this.
    Stored(Record),
}

/// What is to be done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Tell the other tabs, and the next start.
    Write(Record),
    /// Tell the next start that this browser holds no session.
    NothingHeld,
    /// Remove what is stored: whose session this browser holds, the cookie alone knows.
    Forget,
    /// Ask for the next token, unless that is under way.
    Refresh(Cause),
    /// Ask for another one in a second or two.
    RefreshSoon,
    /// Ask again after a pause.
    RetryLater,
    /// Tell the server of the sign-out.
    LogOut(Option<Grant>),
    /// Write this into the token's log.
    Note(Deed),
}

/// Where the session stands next, and what is to be done.
pub type Step = (State, Vec<Effect>);

/// Decides. `stored` is what local storage holds at this moment, where it can be read.
pub fn step(state: &State, event: Event, stored: Option<&Record>, now: Timestamp) -> Step {
    match event {
        Event::Renew(cause) => renew(state, cause, stored),
        Event::Refreshed { asked, cause, grant } => refreshed(state, asked, cause, grant, stored, now),
        Event::Refused { asked, reason } => refused(state, asked, reason, stored, now),
        Event::Unproven { asked } => unproven(state, asked, stored),
        Event::Failed => failed(state),
        Event::Reached => match state {
            State::Interrupted(grant) => {
                (State::SignedIn(grant.clone()), vec![Effect::Note(Deed::Reconnected)])
            }
            _ => stay(state),
        },
        Event::SignedIn(grant) => signed_in(grant, Deed::SignedIn),
        Event::Renewed(grant) => renewed(state, grant),
        Event::AccountChanged(account) => account_changed(state, account, stored),
        Event::SignOut => sign_out(state, now),
        Event::LoggedOut => match (state.grant(), stored) {
            (None, None | Some(Record::SigningOut { .. })) => {
                (state.clone(), vec![Effect::Write(signed_out(EndReason::SignedOut, now))])
            }
            _ => stay(state),
        },
        Event::Deleted(account) => deleted(state, account, now),
        Event::Leave => match state {
            State::Ended { reason, .. } => (State::SignedOut(Some(*reason)), vec![]),
            State::KeyLost(_) => sign_out(state, now),
            _ => stay(state),
        },
        Event::Stored(record) => heard(state, record),
    }
}

fn stay(state: &State) -> Step {
    (state.clone(), vec![])
}

fn signed_in(grant: Grant, deed: Deed) -> Step {
    (State::SignedIn(grant.clone()), vec![Effect::Write(Record::SignedIn(grant)), Effect::Note(deed)])
}

fn signed_out(reason: EndReason, at: Timestamp) -> Record {
    Record::SignedOut { reason, at }
}

/// An end that the person meant leads to the sign-in page; any other keeps the page, and what was typed in it.
fn over(account: &Account, reason: EndReason) -> State {
    match reason {
        EndReason::SignedOut | EndReason::AccountDeleted => State::SignedOut(Some(reason)),
        _ => State::Ended { account: account.clone(), reason },
    }
}

fn renew(state: &State, cause: Cause, stored: Option<&Record>) -> Step {
    let Some(own) = state.grant() else { return stay(state) };
    match stored.and_then(Record::grant) {
        // Another tab has been quicker, or somebody has signed in anew: nothing to ask for.
        Some(kept) if kept.sid != own.sid || kept.follows(own) => {
            (State::SignedIn(kept.clone()), vec![Effect::Note(Deed::TakenOver)])
        }
        _ => (State::Refreshing(own.clone()), vec![Effect::Refresh(cause)]),
    }
}

fn refreshed(
    state: &State,
    asked: Option<Uuid>,
    cause: Cause,
    answer: Grant,
    stored: Option<&Record>,
    now: Timestamp,
) -> Step {
    let own = match state {
        State::Restoring if asked.is_none() => return signed_in(answer, Deed::Restored),
        State::SignedIn(own) | State::Refreshing(own) | State::Interrupted(own) => own,
        // The key is there: only the tab that has told of its loss could not reach it.
        State::KeyLost(Some(own)) if asked == Some(own.sid) => own,
        // Signed out in the meantime: a late answer must not sign in again.
        State::Restoring | State::SignedOut(_) | State::Ended { .. } | State::KeyLost(_) => {
            return stay(state);
        }
    };
    if asked != Some(own.sid) {
        // The answer belongs to the session before this one, and its cookie may have replaced this one's.
        return (State::SignedIn(own.clone()), vec![Effect::RefreshSoon]);
    }
    match stored {
        Some(Record::SignedIn(kept)) if kept.sid != own.sid => {
            (State::SignedIn(kept.clone()), vec![Effect::Note(Deed::TakenOver), Effect::RefreshSoon])
        }
        Some(Record::SignedIn(kept))
            if kept.sid == answer.sid
                && kept.generation > answer.generation
                && is_of_use(kept, own, cause, now) =>
        {
            // Two answers overtook one another, and the older one's cookie may be the one that the browser kept.
            (State::SignedIn(kept.clone()), vec![Effect::Note(Deed::KeptNewer), Effect::RefreshSoon])
        }
        Some(record) if record.end().is_some() => {
            (over(&own.account, record.end().unwrap_or(EndReason::Unknown)), vec![])
        }
        _ if answer.account.id != own.account.id => displaced(own, stored),
        _ => signed_in(answer, Deed::Refreshed(cause)),
    }
}

/// The browser's cookie has become another account's: the session here is over, and that other one is not taken up under
/// the page that is open. Its mark stays.
fn displaced(own: &Grant, stored: Option<&Record>) -> Step {
    let ended = State::Ended { account: own.account.clone(), reason: EndReason::Unknown };
    (ended, if stored.is_some() { vec![Effect::Forget] } else { vec![] })
}

/// Whether the token that was stored can still be sent. A record that was edited by hand may claim to be newer than any
/// answer: it must not keep the page from ever getting a token that works.
fn is_of_use(kept: &Grant, own: &Grant, cause: Cause, now: Timestamp) -> bool {
    let refused = cause == Cause::Refusal && kept.access_token == own.access_token;
    kept.lasts(now) && !refused
}

fn refused(
    state: &State,
    asked: Option<Uuid>,
    reason: Option<EndReason>,
    stored: Option<&Record>,
    now: Timestamp,
) -> Step {
    let Some(own) = state.grant() else {
        return match state {
            State::Restoring if asked.is_none() => (State::SignedOut(reason), vec![Effect::NothingHeld]),
            _ => stay(state),
        };
    };
    if asked != Some(own.sid) {
        return (State::SignedIn(own.clone()), vec![Effect::RefreshSoon]);
    }
    match stored {
        Some(Record::SignedIn(kept)) if kept.sid != own.sid => {
            (State::SignedIn(kept.clone()), vec![Effect::Note(Deed::TakenOver)])
        }
        Some(record) if record.end().is_some() => {
            (over(&own.account, record.end().unwrap_or(EndReason::Unknown)), vec![])
        }
        _ => {
            let reason = reason.unwrap_or(EndReason::Expired);
            (over(&own.account, reason), vec![Effect::Write(signed_out(reason, now))])
        }
    }
}

fn unproven(state: &State, asked: Option<Uuid>, stored: Option<&Record>) -> Step {
    let Some(own) = state.grant() else {
        return match state {
            State::Restoring if asked.is_none() => (State::KeyLost(None), vec![]),
            _ => stay(state),
        };
    };
    if asked != Some(own.sid) {
        return (State::SignedIn(own.clone()), vec![Effect::RefreshSoon]);
    }
    match stored {
        // Another tab has asked for the password, and got it, before this one heard of the refusal.
        Some(Record::SignedIn(kept)) if kept.sid != own.sid || kept.follows(own) => {
            (State::SignedIn(kept.clone()), vec![Effect::Note(Deed::TakenOver)])
        }
        Some(record) if record.end().is_some() => {
            (over(&own.account, record.end().unwrap_or(EndReason::Unknown)), vec![])
        }
        _ => {
            let record = Record::KeyLost { remembered: own.remembered };
            (State::KeyLost(Some(own.clone())), vec![Effect::Write(record)])
        }
    }
}

fn failed(state: &State) -> Step {
    match state {
        State::SignedIn(grant) | State::Refreshing(grant) => {
            (State::Interrupted(grant.clone()), vec![Effect::Note(Deed::Interrupted), Effect::RetryLater])
        }
        State::Interrupted(_) | State::Restoring => (state.clone(), vec![Effect::RetryLater]),
        State::SignedOut(_) | State::Ended { .. } | State::KeyLost(_) => stay(state),
    }
}

fn renewed(state: &State, answer: Grant) -> Step {
    match state.grant() {
        Some(own) if own.sid == answer.sid => signed_in(answer, Deed::Refreshed(Cause::Password)),
        // Signed out in the meantime, or somebody else has signed in.
        _ => stay(state),
    }
}

fn account_changed(state: &State, account: Account, stored: Option<&Record>) -> Step {
    let Some(own) = state.grant().filter(|own| own.account.id == account.id) else { return stay(state) };
    let latest = stored.and_then(Record::grant).filter(|kept| kept.follows(own)).unwrap_or(own);
    let grant = Grant { account, ..latest.clone() };
    (state.with(grant.clone()), vec![Effect::Write(Record::SignedIn(grant))])
}

fn deleted(state: &State, account: Uuid, now: Timestamp) -> Step {
    let reason = EndReason::AccountDeleted;
    match state.account() {
        Some(own) if own.id == account => {
            (State::SignedOut(Some(reason)), vec![Effect::Write(signed_out(reason, now))])
        }
        _ => stay(state),
    }
}

fn sign_out(state: &State, now: Timestamp) -> Step {
    match state.account() {
        None => stay(state),
        Some(_) => (
            State::SignedOut(Some(EndReason::SignedOut)),
            vec![Effect::Write(Record::SigningOut { at: now }), Effect::LogOut(last_grant(state).cloned())],
        ),
    }
}

/// What the server can be told of a session by.
fn last_grant(state: &State) -> Option<&Grant> {
    match state {
        State::KeyLost(last) => last.as_ref(),
        other => other.grant(),
    }
}

fn heard(state: &State, record: Record) -> Step {
    match (state.grant(), record) {
        (Some(own), Record::SignedIn(kept)) if kept.sid == own.sid && !kept.follows(own) => {
            let same_token = kept.access_token == own.access_token;
            (if same_token { state.with(kept) } else { state.clone() }, vec![])
        }
        (_, Record::SignedIn(kept)) => (State::SignedIn(kept), vec![Effect::Note(Deed::TakenOver)]),
        (Some(own), Record::KeyLost { .. }) => (State::KeyLost(Some(own.clone())), vec![]),
        (Some(own), record) => (over(&own.account, record.end().unwrap_or(EndReason::Unknown)), vec![]),
        // Whoever is asking by the cookie learns it from the answer: the key may be there again.
        (None, Record::KeyLost { .. }) => stay(state),
        (None, record) => match state {
            State::Restoring | State::KeyLost(None) => (State::SignedOut(record.end()), vec![]),
            State::KeyLost(Some(last)) => {
                (over(&last.account, record.end().unwrap_or(EndReason::Unknown)), vec![])
            }
            _ => stay(state),
        },
    }
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
