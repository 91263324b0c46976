//! Ending a session: once it is committed, this server refuses its tokens at once and the others within a second.

use super::store::{self, Which};
use super::{candidates, ended};
use crate::app::App;
use crate::db::{StoreError, Transaction};
use latchkey_shared::{Claims, EndReason, Secret, Timestamp};
use std::sync::Arc;
use uuid::Uuid;

/// Why no session was ended.
#[derive(Debug, thiserror::Error)]
pub enum EndError {
    /// The account has no such session.
    #[error("there is no such session")]
    NotFound,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Ends those of the sessions that live.
pub(super) async fn run(app: &App, which: Which, reason: EndReason) -> Result<(), StoreError> {
    let now = app.clock.now();
    let transaction = app.db.begin().await?;
    let ended = within(&transaction, which, reason, now).await?;
    transaction.commit().await?;
    app.ended.add(&ended, reason);
    Ok(())
}

/// Signs out whoever holds these refresh tokens. A token that is not ours, or of a session that is over, is no failure:
/// there is nothing left to do.
pub async fn by_refresh_tokens(app: &App, tokens: &[Secret]) -> Result<(), StoreError> {
    for session_id in candidates::sessions_of(app, tokens, app.clock.now()) {
        run(app, Which::One(session_id), EndReason::SignedOut).await?;
    }
    Ok(())
}

/// Signs out the session that an access token belongs to.
pub async fn by_access_token(app: &App, claims: &Claims) -> Result<(), StoreError> {
    run(app, Which::One(claims.sid), EndReason::SignedOut).await
}

/// Ends one of the account's sessions, from this one or from another.
pub async fn one(app: &App, claims: &Arc<Claims>, session_id: Uuid) -> Result<(), EndError> {
    let which = Which::OneOf { account_id: claims.sub, session_id };
    let here = session_id == claims.sid;
    let reason = if here { EndReason::SignedOut } else { EndReason::SignedOutElsewhere };
    if store::find_session(app.db.executor(), which).await?.is_none() {
        return Err(EndError::NotFound);
    }
    Ok(run(app, which, reason).await?)
}

/// Ends all of the account's sessions but the one that asks.
pub async fn others(app: &App, claims: &Arc<Claims>) -> Result<(), StoreError> {
    let which = Which::AllBut { account_id: claims.sub, session_id: claims.sid };
    run(app, which, EndReason::SignedOutElsewhere).await
}

/// Ends every other session, in the transaction that changes the password. The caller tells [`super::EndedSessions`]
/// of the returned ids once the transaction has been committed.
pub async fn because_password_changed(
    transaction: &Transaction,
    claims: &Claims,
    now: Timestamp,
) -> Result<Vec<Uuid>, StoreError> {
    let which = Which::AllBut { account_id: claims.sub, session_id: claims.sid };
    within(transaction, which, EndReason::PasswordChanged, now).await
}

/// Ends every session, in the transaction that deletes the account; as with a change of password.
pub async fn because_account_deleted(
    transaction: &Transaction,
    account_id: Uuid,
    now: Timestamp,
) -> Result<Vec<Uuid>, StoreError> {
    within(transaction, Which::All { account_id }, EndReason::AccountDeleted, now).await
}

/// Ends sessions in a transaction and tells the other servers, if it commits.
async fn within(
    transaction: &Transaction,
    which: Which,
    reason: EndReason,
    now: Timestamp,
) -> Result<Vec<Uuid>, StoreError> {
    let ended = store::mark_ended(transaction.executor(), which, reason, now).await?;
    transaction.notify(ended::CHANNEL).await?;
    Ok(ended)
}
