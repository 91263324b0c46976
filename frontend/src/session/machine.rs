//! State machine of the session: from the state, an event and the stored session it computes the next state and the
//! effects. It has no side effects itself.

use super::activity_log::{Activity, RefreshCause};
use super::state::State;
use super::stored_session::StoredSession;
use super::token_set::TokenSet;
use latchkey_shared::{Account, EndReason, Timestamp};
use uuid::Uuid;

/// Input of the state machine.
#[derive(Clone, Debug)]
pub enum Event {
    /// The access token has to be replaced.
    RefreshNeeded(RefreshCause),
    /// A refresh returned the next token.
    Refreshed {
        /// Session for which the refresh was requested; none if the cookie alone was to decide.
        requested_sid: Option<Uuid>,
        /// Cause of the refresh.
        cause: RefreshCause,
        /// Tokens of the response.
        token_set: TokenSet,
    },
    /// A refresh was refused: the session has ended.
    Refused {
        /// Session for which the refresh was requested.
        requested_sid: Option<Uuid>,
        /// Reason for the end; none if there was no session at all.
        reason: Option<EndReason>,
    },
    /// A refresh was refused because the proof of the session's key was missing or wrong.
    ProofRejected {
        /// Session for which the refresh was requested.
        requested_sid: Option<Uuid>,
    },
    /// The server gave no usable response.
    ServerUnreachable,
    /// The server responds.
    ServerReachable,
    /// The user signed in, in this tab.
    SignedIn(TokenSet),
    /// The user changed the password: the session continues with these tokens.
    PasswordChanged(TokenSet),
    /// The user changed their account.
    AccountChanged(Account),
    /// The user signs out.
    SignOut,
    /// The server has confirmed the sign-out.
    LoggedOut,
    /// The user deleted this account.
    Deleted(Uuid),
    /// The user gave up a session that had ended, or whose key was lost, to sign in as somebody else.
    Abandon,
    /// Another tab stored this session.
    StorageChanged(StoredSession),
}

/// Side effect to be carried out after a step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Store this for the other tabs and the next start.
    Write(StoredSession),
    /// Remove the session hint: at the next start this browser has no session.
    ClearHint,
    /// Remove the stored session: only the cookie identifies the session that this browser has.
    RemoveStored,
    /// Request the next token, unless a refresh is in flight.
    Refresh(RefreshCause),
    /// Request another token in one to two seconds.
    RefreshSoon,
    /// Retry after a pause.
    RetryLater,
    /// Send the sign-out to the server.
    LogOut(Option<TokenSet>),
    /// Add this to the token's log.
    LogActivity(Activity),
}

/// Next state and the effects to carry out.
pub type Step = (State, Vec<Effect>);

/// Computes the next step. `stored` is the current content of local storage, if it can be read.
pub fn step(state: &State, event: Event, stored: Option<&StoredSession>, now: Timestamp) -> Step {
    match event {
        Event::RefreshNeeded(cause) => renew(state, cause, stored),
        Event::Refreshed { requested_sid, cause, token_set } => {
            refreshed(state, requested_sid, cause, token_set, stored, now)
        }
        Event::Refused { requested_sid, reason } => refused(state, requested_sid, reason, stored, now),
        Event::ProofRejected { requested_sid } => proof_rejected(state, requested_sid, stored),
        Event::ServerUnreachable => failed(state),
        Event::ServerReachable => match state {
            State::Interrupted(token_set) => {
                (State::SignedIn(token_set.clone()), vec![Effect::LogActivity(Activity::Reconnected)])
            }
            _ => unchanged(state),
        },
        Event::SignedIn(token_set) => signed_in(token_set, Activity::SignedIn),
        Event::PasswordChanged(token_set) => password_changed(state, token_set),
        Event::AccountChanged(account) => account_changed(state, account, stored),
        Event::SignOut => sign_out(state, now),
        Event::LoggedOut => match (state.token_set(), stored) {
            (None, None | Some(StoredSession::SigningOut { .. })) => {
                (state.clone(), vec![Effect::Write(signed_out(EndReason::SignedOut, now))])
            }
            _ => unchanged(state),
        },
        Event::Deleted(account) => deleted(state, account, now),
        Event::Abandon => match state {
            State::Ended { reason, .. } => (State::SignedOut(Some(*reason)), vec![]),
            State::KeyLost(_) => sign_out(state, now),
            _ => unchanged(state),
        },
        Event::StorageChanged(stored_session) => storage_changed(state, stored_session),
    }
}

fn unchanged(state: &State) -> Step {
    (state.clone(), vec![])
}

fn signed_in(token_set: TokenSet, activity: Activity) -> Step {
    (
        State::SignedIn(token_set.clone()),
        vec![Effect::Write(StoredSession::SignedIn(token_set)), Effect::LogActivity(activity)],
    )
}

fn signed_out(reason: EndReason, at: Timestamp) -> StoredSession {
    StoredSession::SignedOut { reason, at }
}

/// Returns the state after an end: one that the user intended leads to the sign-in page; any other keeps the page and
/// its input.
fn ended_state(account: &Account, reason: EndReason) -> State {
    match reason {
        EndReason::SignedOut | EndReason::AccountDeleted => State::SignedOut(Some(reason)),
        _ => State::Ended { account: account.clone(), reason },
    }
}

fn renew(state: &State, cause: RefreshCause, stored: Option<&StoredSession>) -> Step {
    let Some(own) = state.token_set() else { return unchanged(state) };
    match stored.and_then(StoredSession::token_set) {
        // Another tab was faster, or a user has signed in again: no refresh is needed.
        Some(stored_tokens) if stored_tokens.sid != own.sid || stored_tokens.is_newer_than(own) => {
            (State::SignedIn(stored_tokens.clone()), vec![Effect::LogActivity(Activity::SyncedFromTab)])
        }
        _ => (State::Refreshing(own.clone()), vec![Effect::Refresh(cause)]),
    }
}

fn refreshed(
    state: &State,
    requested_sid: Option<Uuid>,
    cause: RefreshCause,
    answer: TokenSet,
    stored: Option<&StoredSession>,
    now: Timestamp,
) -> Step {
    let own = match state {
        State::Restoring if requested_sid.is_none() => return signed_in(answer, Activity::Restored),
        State::SignedIn(own) | State::Refreshing(own) | State::Interrupted(own) => own,
        // The key exists: only the tab that reported its loss could not access it.
        State::KeyLost(Some(own)) if requested_sid == Some(own.sid) => own,
        // Signed out in the meantime: a late response must not sign in again.
        State::Restoring | State::SignedOut(_) | State::Ended { .. } | State::KeyLost(_) => {
            return unchanged(state);
        }
    };
    if requested_sid != Some(own.sid) {
        // The response belongs to the previous session, and its cookie may have replaced this session's cookie.
        return (State::SignedIn(own.clone()), vec![Effect::RefreshSoon]);
    }
    match stored {
        Some(StoredSession::SignedIn(stored_tokens)) if stored_tokens.sid != own.sid => (
            State::SignedIn(stored_tokens.clone()),
            vec![Effect::LogActivity(Activity::SyncedFromTab), Effect::RefreshSoon],
        ),
        Some(StoredSession::SignedIn(stored_tokens))
            if stored_tokens.sid == answer.sid
                && stored_tokens.generation > answer.generation
                && is_usable(stored_tokens, own, cause, now) =>
        {
            // Two responses arrived out of order, and the browser may have kept the older one's cookie.
            (
                State::SignedIn(stored_tokens.clone()),
                vec![Effect::LogActivity(Activity::StaleIgnored), Effect::RefreshSoon],
            )
        }
        Some(stored_session) if stored_session.end_reason().is_some() => {
            (ended_state(&own.account, stored_session.end_reason().unwrap_or(EndReason::Unknown)), vec![])
        }
        _ if answer.account.id != own.account.id => cookie_replaced(own, stored),
        _ => signed_in(answer, Activity::Refreshed(cause)),
    }
}

/// Ends the session in this tab because the browser's cookie now belongs to another account. That account's session is
/// not taken over under the open page; its session hint stays.
fn cookie_replaced(own: &TokenSet, stored: Option<&StoredSession>) -> Step {
    let ended = State::Ended { account: own.account.clone(), reason: EndReason::Unknown };
    (ended, if stored.is_some() { vec![Effect::RemoveStored] } else { vec![] })
}

/// Returns whether the stored token can still be sent. A stored session that was edited by hand may claim to be newer
/// than any response: it must not keep the page from getting a valid token.
fn is_usable(stored_tokens: &TokenSet, own: &TokenSet, cause: RefreshCause, now: Timestamp) -> bool {
    let refused = cause == RefreshCause::Rejected && stored_tokens.access_token == own.access_token;
    stored_tokens.is_valid(now) && !refused
}

fn refused(
    state: &State,
    requested_sid: Option<Uuid>,
    reason: Option<EndReason>,
    stored: Option<&StoredSession>,
    now: Timestamp,
) -> Step {
    let Some(own) = state.token_set() else {
        return match state {
            State::Restoring if requested_sid.is_none() => {
                (State::SignedOut(reason), vec![Effect::ClearHint])
            }
            _ => unchanged(state),
        };
    };
    if requested_sid != Some(own.sid) {
        return (State::SignedIn(own.clone()), vec![Effect::RefreshSoon]);
    }
    match stored {
        Some(StoredSession::SignedIn(stored_tokens)) if stored_tokens.sid != own.sid => {
            (State::SignedIn(stored_tokens.clone()), vec![Effect::LogActivity(Activity::SyncedFromTab)])
        }
        Some(stored_session) if stored_session.end_reason().is_some() => {
            (ended_state(&own.account, stored_session.end_reason().unwrap_or(EndReason::Unknown)), vec![])
        }
        _ => {
            let reason = reason.unwrap_or(EndReason::Expired);
            (ended_state(&own.account, reason), vec![Effect::Write(signed_out(reason, now))])
        }
    }
}

fn proof_rejected(state: &State, requested_sid: Option<Uuid>, stored: Option<&StoredSession>) -> Step {
    let Some(own) = state.token_set() else {
        return match state {
            State::Restoring if requested_sid.is_none() => (State::KeyLost(None), vec![]),
            _ => unchanged(state),
        };
    };
    if requested_sid != Some(own.sid) {
        return (State::SignedIn(own.clone()), vec![Effect::RefreshSoon]);
    }
    match stored {
        // Another tab has asked for the password and received it before this tab learned of the refusal.
        Some(StoredSession::SignedIn(stored_tokens))
            if stored_tokens.sid != own.sid || stored_tokens.is_newer_than(own) =>
        {
            (State::SignedIn(stored_tokens.clone()), vec![Effect::LogActivity(Activity::SyncedFromTab)])
        }
        Some(stored_session) if stored_session.end_reason().is_some() => {
            (ended_state(&own.account, stored_session.end_reason().unwrap_or(EndReason::Unknown)), vec![])
        }
        _ => {
            let stored_session = StoredSession::KeyLost { remembered: own.remembered };
            (State::KeyLost(Some(own.clone())), vec![Effect::Write(stored_session)])
        }
    }
}

fn failed(state: &State) -> Step {
    match state {
        State::SignedIn(token_set) | State::Refreshing(token_set) => (
            State::Interrupted(token_set.clone()),
            vec![Effect::LogActivity(Activity::Interrupted), Effect::RetryLater],
        ),
        State::Interrupted(_) | State::Restoring => (state.clone(), vec![Effect::RetryLater]),
        State::SignedOut(_) | State::Ended { .. } | State::KeyLost(_) => unchanged(state),
    }
}

fn password_changed(state: &State, answer: TokenSet) -> Step {
    match state.token_set() {
        Some(own) if own.sid == answer.sid => signed_in(answer, Activity::Refreshed(RefreshCause::Password)),
        // Signed out in the meantime, or another user has signed in.
        _ => unchanged(state),
    }
}

fn account_changed(state: &State, account: Account, stored: Option<&StoredSession>) -> Step {
    let Some(own) = state.token_set().filter(|own| own.account.id == account.id) else {
        return unchanged(state);
    };
    let latest = stored
        .and_then(StoredSession::token_set)
        .filter(|stored_tokens| stored_tokens.is_newer_than(own))
        .unwrap_or(own);
    let token_set = TokenSet { account, ..latest.clone() };
    (state.with(token_set.clone()), vec![Effect::Write(StoredSession::SignedIn(token_set))])
}

fn deleted(state: &State, account: Uuid, now: Timestamp) -> Step {
    let reason = EndReason::AccountDeleted;
    match state.account() {
        Some(own) if own.id == account => {
            (State::SignedOut(Some(reason)), vec![Effect::Write(signed_out(reason, now))])
        }
        _ => unchanged(state),
    }
}

fn sign_out(state: &State, now: Timestamp) -> Step {
    match state.account() {
        None => unchanged(state),
        Some(_) => (
            State::SignedOut(Some(EndReason::SignedOut)),
            vec![
                Effect::Write(StoredSession::SigningOut { at: now }),
                Effect::LogOut(last_grant(state).cloned()),
            ],
        ),
    }
}

/// Returns the last token set, which identifies the session to the server.
fn last_grant(state: &State) -> Option<&TokenSet> {
    match state {
        State::KeyLost(last) => last.as_ref(),
        other => other.token_set(),
    }
}

fn storage_changed(state: &State, stored_session: StoredSession) -> Step {
    match (state.token_set(), stored_session) {
        (Some(own), StoredSession::SignedIn(stored_tokens))
            if stored_tokens.sid == own.sid && !stored_tokens.is_newer_than(own) =>
        {
            let same_token = stored_tokens.access_token == own.access_token;
            (if same_token { state.with(stored_tokens) } else { state.clone() }, vec![])
        }
        (_, StoredSession::SignedIn(stored_tokens)) => {
            (State::SignedIn(stored_tokens), vec![Effect::LogActivity(Activity::SyncedFromTab)])
        }
        (Some(own), StoredSession::KeyLost { .. }) => (State::KeyLost(Some(own.clone())), vec![]),
        (Some(own), stored_session) => {
            (ended_state(&own.account, stored_session.end_reason().unwrap_or(EndReason::Unknown)), vec![])
        }
        // A tab that is refreshing by cookie learns it from the response: the key may be available again.
        (None, StoredSession::KeyLost { .. }) => unchanged(state),
        (None, stored_session) => match state {
            State::Restoring | State::KeyLost(None) => {
                (State::SignedOut(stored_session.end_reason()), vec![])
            }
            State::KeyLost(Some(last)) => (
                ended_state(&last.account, stored_session.end_reason().unwrap_or(EndReason::Unknown)),
                vec![],
            ),
            _ => unchanged(state),
        },
    }
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
