//! Transactions on behalf of a session: one begins only while the session is active, and the session cannot be ended
//! until it completes. A request's token is checked before its body arrives, and the session may end in between.

use super::session::SessionRecord;
use super::{revocations, store};
use crate::db::{StoreError, Transaction};
use crate::sessions::Sessions;
use latchkey_shared::{Claims, EndReason, Timestamp};

/// Error of an operation on behalf of a session.
#[derive(Debug, thiserror::Error)]
pub enum InactiveSessionError {
    /// The session has ended.
    #[error("the session has ended: {0:?}")]
    Ended(Option<EndReason>),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A transaction with a locked, active session.
pub struct LockedSession {
    /// Transaction that keeps the lock.
    pub transaction: Transaction,
    /// Session, as read under the lock.
    pub session: SessionRecord,
}

impl LockedSession {
    /// Begins a transaction and locks the session. Fails if the session has ended.
    pub async fn begin(
        service: &Sessions,
        claims: &Claims,
        now: Timestamp,
    ) -> Result<Self, InactiveSessionError> {
        let transaction = service.db.begin().await?;
        // The account is locked first, in a separate statement: ending many sessions locks the account, and a statement
        // that starts after this lock sees their end.
        store::lock_account(transaction.executor(), claims.sub).await?;
        let session = store::lock_session(transaction.executor(), claims.sid).await?;
        match check_active(service, claims, session, now) {
            Ok(session) => Ok(Self { transaction, session }),
            Err(reason) => Err(InactiveSessionError::Ended(reason)),
        }
    }
}

/// Checks that the session is active now, without a lock: for operations that are costly or disclose something before
/// they change anything.
pub async fn require_active(
    service: &Sessions,
    claims: &Claims,
    now: Timestamp,
) -> Result<(), InactiveSessionError> {
    let session = service.sessions.find(claims.sid).await?;
    check_active(service, claims, session, now).map(drop).map_err(InactiveSessionError::Ended)
}

fn check_active(
    service: &Sessions,
    claims: &Claims,
    session: Option<SessionRecord>,
    now: Timestamp,
) -> Result<SessionRecord, Option<EndReason>> {
    let own = session.filter(|session| session.account_id == claims.sub);
    let session = own.ok_or_else(|| revocations::recent_reason(service, claims.sid, claims.sub))?;
    match session.ended(now) {
        None => Ok(session),
        Some((_, reason)) => Err(Some(reason)),
    }
}
