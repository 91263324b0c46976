//! Ending a session: once it is committed, this server refuses its tokens at once and the others within a second.

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

/// Why no session was ended.
#[derive(Debug, thiserror::Error)]
pub enum RevokeError {
    /// The account has no such session.
    #[error("there is no such session")]
    NotFound,
    /// The session that asks is over itself, or the database failed.
    #[error(transparent)]
    Inactive(#[from] InactiveSessionError),
}

impl From<StoreError> for RevokeError {
    fn from(error: StoreError) -> Self {
        Self::Inactive(error.into())
    }
}

/// Sessions that a transaction has ended. Once that is committed, this server is told of them.
#[must_use = "this server goes on accepting their access tokens until it is told"]
pub struct PendingRevocation {
    ids: Vec<Uuid>,
    /// Whose sessions, where they were too many to be ended one by one.
    cutoff_account_id: Option<Uuid>,
    reason: EndReason,
}

impl PendingRevocation {
    /// Whether their rows are yet to be written.
    pub fn is_deferred(&self) -> bool {
        self.cutoff_account_id.is_some()
    }

    /// How many were ended one by one: where their rows are yet to be written, there are more.
    pub fn count(&self) -> usize {
        self.ids.len()
    }

    /// Tells this server, after the commit.
    pub fn apply(self, app: &App) {
        app.revocations.add(&self.ids, self.reason);
        if let Some(account_id) = self.cutoff_account_id {
            app.revocations.cutoffs.add(account_id, self.reason, app.clock.elapsed());
        }
    }
}

/// Ends those of the sessions that live.
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

/// Signs out whoever holds these refresh tokens. A token that is not ours, or of a session that is over, is no failure:
/// there is nothing left to do.
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

/// Ends one of the account's sessions, from this one or from another.
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

/// Ends all of the account's sessions but the one that asks.
pub async fn others(app: &App, claims: &Arc<Claims>) -> Result<(), InactiveSessionError> {
    let now = app.clock.now();
    let LockedSession { transaction, .. } = LockedSession::begin(app, claims, now).await?;
    let selector = SessionSelector::AllExcept { account_id: claims.sub, session_id: claims.sid };
    let revocation = in_transaction(&transaction, selector, EndReason::SignedOutElsewhere, now).await?;
    transaction.commit().await?;
    revocation.apply(app);
    Ok(())
}

/// Ends what the account has beyond the number of sessions that may live at once: first those that were used least lately.
/// The `newest` stays.
pub(super) async fn enforce_session_limit(
    app: &App,
    account_id: Uuid,
    newest: Option<Uuid>,
) -> Result<(), StoreError> {
    let limit = app.config.sessions.per_account;
    let selector = SessionSelector::OverLimit { account_id, limit, newest, now: app.clock.now() };
    // Whoever signs in later than this look looks later, too, and finds this session among the others.
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

/// Ends every session, in the transaction that sets the password anew.
pub async fn revoke_on_password_reset(
    transaction: &Transaction,
    account_id: Uuid,
    now: Timestamp,
) -> Result<PendingRevocation, StoreError> {
    in_transaction(transaction, SessionSelector::All { account_id }, EndReason::PasswordReset, now).await
}

/// Ends every session, in the transaction that deletes the account. Where there are the rows of more sessions than one
/// statement may delete, whether they have ended or not, a cutoff has them deleted afterwards.
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

/// Ends sessions in a transaction and tells the other servers, if it commits. A portion is ended one by one; where there
/// may be more, a cutoff ends the rest.
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
