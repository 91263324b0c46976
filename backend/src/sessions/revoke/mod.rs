//! Session revocation: once it is committed, this server refuses the session's tokens at once and the others within a
//! second.

mod store;

pub use store::SessionSelector;
pub(super) use store::{
    active, delete_revocations, list_over_limit, list_revocations, mark_rows_revoked, unrevoked,
};

use super::locked_session::{InactiveSessionError, LockedSession};
use super::revocations::Revocations;
use super::store::{BATCH_SIZE, find_session, lock_account};
use super::{cutoff, revocations, token_selection};
use crate::db::{AfterCommit, StoreError, Transaction};
use crate::sessions::Sessions;
use latchkey_shared::{Claims, EndReason, Secret, Timestamp};
use std::sync::Arc;
use uuid::Uuid;

/// Error of a revocation.
#[derive(Debug, thiserror::Error)]
pub enum RevokeError {
    /// The account has no such session.
    #[error("there is no such session")]
    NotFound,
    /// The requesting session itself has ended, or the database failed.
    #[error(transparent)]
    Inactive(#[from] InactiveSessionError),
}

impl From<StoreError> for RevokeError {
    fn from(error: StoreError) -> Self {
        Self::Inactive(error.into())
    }
}

/// Sessions that a transaction has ended. Its commit makes this server refuse their tokens.
#[must_use = "Transaction::commit_with makes this server refuse their access tokens"]
pub struct Revoked {
    /// List of this server; none where no server runs.
    list: Option<Arc<Revocations>>,
    ids: Vec<Uuid>,
    /// Account of the sessions, if there were too many to be ended individually.
    cutoff_account_id: Option<Uuid>,
    reason: EndReason,
}

impl Revoked {
    /// Returns whether a cutoff has ended the sessions, so that their rows have yet to be written.
    pub fn is_deferred(&self) -> bool {
        self.cutoff_account_id.is_some()
    }

    /// Returns the number of sessions that were ended individually; if the revocation is deferred, there are more.
    pub fn count(&self) -> usize {
        self.ids.len()
    }
}

impl AfterCommit for Revoked {
    fn carry_out(self) {
        let Some(list) = self.list else { return };
        list.add(&self.ids, self.reason);
        if let Some(account_id) = self.cutoff_account_id {
            list.add_cutoff(account_id, self.reason);
        }
    }
}

/// Ends the selected sessions that have not been ended yet.
pub(super) async fn run(
    service: &Sessions,
    selector: SessionSelector,
    reason: EndReason,
) -> Result<(), StoreError> {
    let now = service.clock.now();
    let transaction = service.db.begin().await?;
    if let Some(account_id) = selector.bulk_account_id() {
        lock_account(transaction.executor(), account_id).await?;
    }
    let revoked = revoke(&transaction, Some(&service.revocations), selector, reason, now).await?;
    transaction.commit_with(revoked).await
}

/// Signs out the sessions of these refresh tokens. An invalid token, or one of an ended session, is no error: there is
/// nothing left to do.
pub async fn by_refresh_tokens(service: &Sessions, tokens: &[Secret]) -> Result<(), StoreError> {
    for session_id in token_selection::sessions_of(service, tokens, service.clock.now()) {
        run(service, SessionSelector::Id(session_id), EndReason::SignedOut).await?;
    }
    Ok(())
}

/// Signs out the session that an access token belongs to.
pub async fn by_access_token(service: &Sessions, claims: &Claims) -> Result<(), StoreError> {
    run(service, SessionSelector::Id(claims.sid), EndReason::SignedOut).await
}

/// Ends one of the account's sessions, the requesting one or another.
pub async fn one(service: &Sessions, claims: &Arc<Claims>, session_id: Uuid) -> Result<(), RevokeError> {
    let selector = SessionSelector::IdOfAccount { account_id: claims.sub, session_id };
    let here = session_id == claims.sid;
    let reason = if here { EndReason::SignedOut } else { EndReason::SignedOutElsewhere };
    let now = service.clock.now();
    let LockedSession { transaction, .. } = LockedSession::begin(service, claims, now).await?;
    if find_session(transaction.executor(), selector).await?.is_none() {
        return Err(RevokeError::NotFound);
    }
    let revoked = revoke(&transaction, Some(&service.revocations), selector, reason, now).await?;
    Ok(transaction.commit_with(revoked).await?)
}

/// Ends all of the account's sessions except the requesting one.
pub async fn others(service: &Sessions, claims: &Arc<Claims>) -> Result<(), InactiveSessionError> {
    let now = service.clock.now();
    let LockedSession { transaction, .. } = LockedSession::begin(service, claims, now).await?;
    let selector = SessionSelector::AllExcept { account_id: claims.sub, session_id: claims.sid };
    let reason = EndReason::SignedOutElsewhere;
    let revoked = revoke(&transaction, Some(&service.revocations), selector, reason, now).await?;
    Ok(transaction.commit_with(revoked).await?)
}

/// Ends the account's sessions beyond `sessions.per_account`, the least recently used first. `newest` always stays.
pub(super) async fn enforce_session_limit(
    service: &Sessions,
    account_id: Uuid,
    newest: Option<Uuid>,
) -> Result<(), StoreError> {
    let limit = service.config.sessions.per_account;
    let selector = SessionSelector::OverLimit { account_id, limit, newest, now: service.clock.now() };
    // A sign-in after this check makes its own check later, which then also counts this session.
    if store::has_unrevoked(service.db.executor(), selector).await? {
        run(service, selector, EndReason::TooManySessions).await?;
    }
    Ok(())
}

/// Ends sessions in a transaction; the other servers are notified if it commits. One batch is ended individually; if
/// there may be more, a cutoff ends the rest. `list` is that of this server.
///
/// A deletion of the account deletes its session rows, ended ones included: if those are more than one statement may
/// delete, a cutoff has them deleted afterwards.
pub async fn revoke(
    transaction: &Transaction,
    list: Option<&Arc<Revocations>>,
    selector: SessionSelector,
    reason: EndReason,
    now: Timestamp,
) -> Result<Revoked, StoreError> {
    let db = transaction.executor();
    let ids = store::mark_revoked(db, selector, reason, now).await?;
    let mut cutoff_account_id = None;
    if let Some(account_id) = selector.bulk_account_id()
        && (ids.len() == BATCH_SIZE
            || reason == EndReason::AccountDeleted && store::exceeds_batch(db, account_id).await?)
    {
        cutoff::insert(db, account_id, selector, reason, now).await?;
        cutoff_account_id = Some(account_id);
    }
    transaction.notify(revocations::CHANNEL).await?;
    Ok(Revoked { list: list.map(Arc::clone), ids, cutoff_account_id, reason })
}
