//! Session revocation: once it is committed, this server refuses the session's tokens at once and the others within a
//! second.

mod store;

pub(super) use store::{
    SessionSelector, active, delete_revocations, list_over_limit, list_revocations, mark_rows_revoked,
    unrevoked,
};

use super::locked_session::{InactiveSessionError, LockedSession};
use super::store::{BATCH_SIZE, find_session, lock_account};
use super::{cutoff, revocations, token_selection};
use crate::app::App;
use crate::db::{StoreError, Transaction};
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

/// Sessions that a transaction has ended, to be applied to this server's [`Revocations`](super::Revocations) after the
/// commit.
#[must_use = "this server goes on accepting their access tokens until it is told"]
pub struct PendingRevocation {
    ids: Vec<Uuid>,
    /// Account of the sessions, if there were too many to be ended individually.
    cutoff_account_id: Option<Uuid>,
    reason: EndReason,
}

impl PendingRevocation {
    /// Returns whether a cutoff has ended the sessions, so that their rows have yet to be written.
    pub fn is_deferred(&self) -> bool {
        self.cutoff_account_id.is_some()
    }

    /// Returns the number of sessions that were ended individually; if the revocation is deferred, there are more.
    pub fn count(&self) -> usize {
        self.ids.len()
    }

    /// Makes this server refuse the tokens of the sessions. To be called after the commit.
    pub fn apply(self, app: &App) {
        app.revocations.add(&self.ids, self.reason);
        if let Some(account_id) = self.cutoff_account_id {
            app.revocations.cutoffs.add(account_id, self.reason, app.clock.elapsed());
        }
    }
}

/// Ends the selected sessions that have not been ended yet.
pub(super) async fn run(app: &App, selector: SessionSelector, reason: EndReason) -> Result<(), StoreError> {
    let now = app.clock.now();
    let transaction = app.db.begin().await?;
    if let Some(account_id) = selector.bulk_account_id() {
        lock_account(transaction.executor(), account_id).await?;
    }
    let revocation = in_transaction(&transaction, selector, reason, now).await?;
    transaction.commit().await?;
    revocation.apply(app);
    Ok(())
}

/// Signs out the sessions of these refresh tokens. An invalid token, or one of an ended session, is no error: there is
/// nothing left to do.
pub async fn by_refresh_tokens(app: &App, tokens: &[Secret]) -> Result<(), StoreError> {
    for session_id in token_selection::sessions_of(app, tokens, app.clock.now()) {
        run(app, SessionSelector::Id(session_id), EndReason::SignedOut).await?;
    }
    Ok(())
}

/// Signs out the session that an access token belongs to.
pub async fn by_access_token(app: &App, claims: &Claims) -> Result<(), StoreError> {
    run(app, SessionSelector::Id(claims.sid), EndReason::SignedOut).await
}

/// Ends one of the account's sessions, the requesting one or another.
pub async fn one(app: &App, claims: &Arc<Claims>, session_id: Uuid) -> Result<(), RevokeError> {
    let selector = SessionSelector::IdOfAccount { account_id: claims.sub, session_id };
    let here = session_id == claims.sid;
    let reason = if here { EndReason::SignedOut } else { EndReason::SignedOutElsewhere };
    let now = app.clock.now();
    let LockedSession { transaction, .. } = LockedSession::begin(app, claims, now).await?;
    if find_session(transaction.executor(), selector).await?.is_none() {
        return Err(RevokeError::NotFound);
    }
    let revocation = in_transaction(&transaction, selector, reason, now).await?;
    transaction.commit().await?;
    revocation.apply(app);
    Ok(())
}

/// Ends all of the account's sessions except the requesting one.
pub async fn others(app: &App, claims: &Arc<Claims>) -> Result<(), InactiveSessionError> {
    let now = app.clock.now();
    let LockedSession { transaction, .. } = LockedSession::begin(app, claims, now).await?;
    let selector = SessionSelector::AllExcept { account_id: claims.sub, session_id: claims.sid };
    let revocation = in_transaction(&transaction, selector, EndReason::SignedOutElsewhere, now).await?;
    transaction.commit().await?;
    revocation.apply(app);
    Ok(())
}

/// Ends the account's sessions beyond `sessions.per_account`, the least recently used first. `newest` always stays.
pub(super) async fn enforce_session_limit(
    app: &App,
    account_id: Uuid,
    newest: Option<Uuid>,
) -> Result<(), StoreError> {
    let limit = app.config.sessions.per_account;
    let selector = SessionSelector::OverLimit { account_id, limit, newest, now: app.clock.now() };
    // A sign-in after this check makes its own check later, which then also counts this session.
    if store::has_unrevoked(app.db.executor(), selector).await? {
        run(app, selector, EndReason::TooManySessions).await?;
    }
    Ok(())
}

/// Ends every other session, in the transaction that changes the password.
pub async fn revoke_on_password_change(
    transaction: &Transaction,
    claims: &Claims,
    now: Timestamp,
) -> Result<PendingRevocation, StoreError> {
    let selector = SessionSelector::AllExcept { account_id: claims.sub, session_id: claims.sid };
    in_transaction(transaction, selector, EndReason::PasswordChanged, now).await
}

/// Ends every session, in the transaction that resets the password.
pub async fn revoke_on_password_reset(
    transaction: &Transaction,
    account_id: Uuid,
    now: Timestamp,
) -> Result<PendingRevocation, StoreError> {
    in_transaction(transaction, SessionSelector::All { account_id }, EndReason::PasswordReset, now).await
}

/// Ends every session, in the transaction that deletes the account. If the account has more session rows, ended ones
/// included, than one statement may delete, a cutoff has them deleted afterwards.
pub async fn revoke_on_account_deletion(
    transaction: &Transaction,
    account_id: Uuid,
    now: Timestamp,
) -> Result<PendingRevocation, StoreError> {
    let (db, selector, reason) =
        (transaction.executor(), SessionSelector::All { account_id }, EndReason::AccountDeleted);
    let mut revocation = in_transaction(transaction, selector, reason, now).await?;
    if revocation.cutoff_account_id.is_none() && store::exceeds_batch(db, account_id).await? {
        cutoff::insert(db, account_id, selector, reason, now).await?;
        revocation.cutoff_account_id = Some(account_id);
    }
    Ok(revocation)
}

/// Ends sessions in a transaction; the other servers are notified if it commits. One batch is ended individually; if
/// there may be more, a cutoff ends the rest.
async fn in_transaction(
    transaction: &Transaction,
    selector: SessionSelector,
    reason: EndReason,
    now: Timestamp,
) -> Result<PendingRevocation, StoreError> {
    let db = transaction.executor();
    let ids = store::mark_revoked(db, selector, reason, now).await?;
    let cutoff_account_id = selector.bulk_account_id().filter(|_| ids.len() == BATCH_SIZE);
    if let Some(account_id) = cutoff_account_id {
        cutoff::insert(db, account_id, selector, reason, now).await?;
    }
    transaction.notify(revocations::CHANNEL).await?;
    Ok(PendingRevocation { ids, cutoff_account_id, reason })
}
