//! Selection among several refresh tokens of one request. A browser sends every cookie of a name, in any order: besides
//! the right one perhaps a stale one of another path, or one that a parent domain has set. See ADR 23.

use super::RefreshError;
use super::revoke::{self, SessionSelector};
use super::session::SessionRecord;
use crate::db::StoreError;
use crate::metrics::RefreshOutcome;
use crate::sessions::Sessions;
use crate::tokens::{RefreshClaims, RefreshTokenError};
use latchkey_shared::{EndReason, Secret, Timestamp};
use std::collections::HashMap;
use uuid::Uuid;

/// Maximum number of sessions that one request may send tokens of. Each costs a database read; a forged token costs
/// none.
const MAX_SESSIONS: usize = 64;

/// A verified token, the latest of its session in the request.
struct Candidate<'a> {
    token: &'a Secret,
    claims: RefreshClaims,
}

/// Returns the token to exchange, if any was sent: that of the active session, or of the newest one if several sessions
/// of one account are active. Active sessions of different accounts are ambiguous and fail with
/// [`RefreshError::Ambiguous`].
pub async fn choose<'a>(
    service: &Sessions,
    tokens: &'a [Secret],
    now: Timestamp,
) -> Result<Option<&'a Secret>, RefreshError> {
    if let [] | [_] = tokens {
        return Ok(tokens.first());
    }
    let candidates = verified_candidates(service, tokens, now);
    match candidates.len() {
        // No token is valid. An expired one is preferred, so that the refusal says that the session has expired.
        0 => return Ok(tokens.iter().find(|token| is_expired(service, token, now)).or(tokens.first())),
        1 => return Ok(Some(candidates[0].token)),
        2..=MAX_SESSIONS => {}
        _ => return Err(ambiguous(service)),
    }
    let mut active: Vec<(&Candidate<'_>, SessionRecord)> = Vec::new();
    for candidate in &candidates {
        let found = service.sessions.find(candidate.claims.sid).await?;
        let is_active = |session: &SessionRecord| {
            session.account_id == candidate.claims.sub && session.ended(now).is_none()
        };
        active.extend(found.filter(is_active).map(|session| (candidate, session)));
    }
    // A token that is two or more generations behind would end its session and does not show whose browser this is.
    if active.iter().any(|(candidate, session)| is_usable(candidate, session)) {
        active.retain(|(candidate, session)| is_usable(candidate, session));
    }
    if active.iter().any(|(_, session)| session.account_id != active[0].1.account_id) {
        return Err(ambiguous(service));
    }
    let best = active.iter().max_by_key(|(candidate, session)| {
        (would_be_accepted(service, candidate, session, now), session.created_at, session.id)
    });
    let newest = || candidates.iter().max_by_key(|candidate| candidate.claims.iat);
    Ok(best.map(|(candidate, _)| *candidate).or_else(newest).map(|chosen| chosen.token))
}

/// Ends the sessions of all other accounts after a sign-in whose request had tokens of different accounts. This
/// response may be unable to remove their cookies, which would then be sent with every refresh.
pub async fn revoke_other_accounts(
    service: &Sessions,
    tokens: &[Secret],
    account_id: Uuid,
    now: Timestamp,
) -> Result<(), StoreError> {
    let candidates = verified_candidates(service, tokens, now);
    let first = candidates.first().map(|candidate| candidate.claims.sub);
    if candidates.iter().all(|candidate| Some(candidate.claims.sub) == first) {
        return Ok(());
    }
    for Candidate { claims, .. } in candidates.iter().filter(|candidate| candidate.claims.sub != account_id) {
        revoke::run(service, SessionSelector::Id(claims.sid), EndReason::SignedOut).await?;
    }
    Ok(())
}

/// Returns the ids of the sessions that the valid tokens belong to, without duplicates.
pub fn sessions_of(service: &Sessions, tokens: &[Secret], now: Timestamp) -> Vec<Uuid> {
    verified_candidates(service, tokens, now).into_iter().map(|candidate| candidate.claims.sid).collect()
}

/// Verifies the tokens and returns the latest of each session: a stale copy next to the current token is no sign of
/// theft.
fn verified_candidates<'a>(service: &Sessions, tokens: &'a [Secret], now: Timestamp) -> Vec<Candidate<'a>> {
    let mut latest: HashMap<Uuid, Candidate<'a>> = HashMap::new();
    for token in tokens {
        let Ok(claims) = service.tokens.refresh_tokens.read(token, now) else { continue };
        match latest.get(&claims.sid) {
            Some(known) if known.claims.generation >= claims.generation => {}
            _ => drop(latest.insert(claims.sid, Candidate { token, claims })),
        }
    }
    latest.into_values().collect()
}

fn is_expired(service: &Sessions, token: &Secret, now: Timestamp) -> bool {
    matches!(service.tokens.refresh_tokens.read(token, now), Err(RefreshTokenError::Expired(_)))
}

/// Returns the number of generations that the token is behind its session.
fn generations_behind(candidate: &Candidate<'_>, session: &SessionRecord) -> u64 {
    session.rotation.generation.0.saturating_sub(candidate.claims.generation)
}

/// Returns whether the token may belong to the current client of the session: it is at most one generation behind.
fn is_usable(candidate: &Candidate<'_>, session: &SessionRecord) -> bool {
    generations_behind(candidate, session) <= 1
}

/// Returns whether a refresh with the token would succeed rather than end its session.
fn would_be_accepted(
    service: &Sessions,
    candidate: &Candidate<'_>,
    session: &SessionRecord,
    now: Timestamp,
) -> bool {
    let rotation = &session.rotation;
    let last_used = rotation.last_used.max(service.token_use.pending(session.id));
    let rotated_at = service.database_clock.to_local_time(rotation.rotated_at, now);
    generations_behind(candidate, session) == 0
        || last_used < Some(rotation.generation)
        || now < rotated_at + service.config.tokens.refresh_grace
}

fn ambiguous(service: &Sessions) -> RefreshError {
    service.metrics.refreshes.add(RefreshOutcome::Invalid);
    tracing::info!("Refresh refused: it brought tokens of several accounts");
    RefreshError::Ambiguous
}
