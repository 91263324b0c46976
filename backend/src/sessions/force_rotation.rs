//! Forced rotation of the session that changes the password: its earlier refresh tokens, and any copies of them, are
//! not accepted any more.

use super::locked_session::{InactiveSessionError, LockedSession};
use super::session::IssueParams;
use super::sign_in::PendingTokens;
use super::store;
use crate::authentication::Authenticated;
use crate::sessions::Sessions;
use latchkey_shared::Timestamp;

/// Rotates the session, in the transaction that changes the password. Returns the tokens to issue after the commit.
pub async fn run(
    service: &Sessions,
    locked: &LockedSession,
    authenticated: &Authenticated,
    now: Timestamp,
) -> Result<PendingTokens, InactiveSessionError> {
    let session = &locked.session;
    let idle_ends_at = now + service.idle_limit(session.remember);
    let db = locked.transaction.executor();
    let rotated_at = service.database_clock.now();
    let made =
        store::mark_force_rotated(db, session.id, authenticated, now, rotated_at, idle_ends_at).await?;
    Ok(PendingTokens(IssueParams {
        session_id: session.id,
        generation: made.ok_or(InactiveSessionError::Ended(None))?,
        authenticated_at: authenticated.at(),
        ends_at: idle_ends_at.min(session.rotation.absolute_ends_at),
        remember: session.remember,
    }))
}
