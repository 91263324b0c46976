//! Ending a session: once it is committed, this server refuses its tokens at once and the others within a second.

mod store;

pub(super) use store::{Which, delete_ends, list_crowded, list_ended, living, mark, unended};

use super::guard::{Guarded, Over};
use super::store::{PORTION, find_session, lock_account};
use super::{candidates, cutoff, ended};
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
    /// The session that asks is over itself, or the database failed.
    #[error(transparent)]
    Over(#[from] Over),
}

impl From<StoreError> for EndError {
    fn from(error: StoreError) -> Self {
        Self::Over(error.into())
    }
}

/// Sessions that a transaction has ended. Once that is committed, this server is told of them.
#[must_use = "this server goes on accepting their access tokens until it is told"]
pub struct Ended {
    ids: Vec<Uuid>,
    /// Whose sessions, where they were too many to be ended one by one.
    cut: Option<Uuid>,
    reason: EndReason,
}

impl Ended {
    /// Whether their rows are yet to be written.
    pub fn is_unfinished(&self) -> bool {
        self.cut.is_some()
    }

    /// How many were ended one by one: where their rows are yet to be written, there are more.
    pub fn count(&self) -> usize {
        self.ids.len()
    }

    /// Tells this server, after the commit.
    pub fn tell(self, app: &App) {
        app.ended.add(&self.ids, self.reason);
        if let Some(account_id) = self.cut {
            app.ended.cutoffs.add(account_id, self.reason, app.clock.elapsed());
        }
    }
}

/// Ends those of the sessions that live.
pub(super) async fn run(app: &App, which: Which, reason: EndReason) -> Result<(), StoreError> {
    let now = app.clock.now();
    let transaction = app.db.begin().await?;
    if let Some(account_id) = which.of_account() {
        lock_account(transaction.executor(), account_id).await?;
    }
    let ended = within(&transaction, which, reason, now).await?;
    transaction.commit().await?;
    ended.tell(app);
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
    let now = app.clock.now();
    let Guarded { transaction, .. } = Guarded::begin(app, claims, now).await?;
    if find_session(transaction.executor(), which).await?.is_none() {
        return Err(EndError::NotFound);
    }
    let ended = within(&transaction, which, reason, now).await?;
    transaction.commit().await?;
    ended.tell(app);
    Ok(())
}

/// Ends all of the account's sessions but the one that asks.
pub async fn others(app: &App, claims: &Arc<Claims>) -> Result<(), Over> {
    let now = app.clock.now();
    let Guarded { transaction, .. } = Guarded::begin(app, claims, now).await?;
    let which = Which::AllBut { account_id: claims.sub, session_id: claims.sid };
    let ended = within(&transaction, which, EndReason::SignedOutElsewhere, now).await?;
    transaction.commit().await?;
    ended.tell(app);
    Ok(())
}

/// Ends what the account has beyond the number of sessions that may live at once: first those that were used least lately.
/// The `newest` stays.
pub(super) async fn beyond_most(app: &App, account_id: Uuid, newest: Option<Uuid>) -> Result<(), StoreError> {
    let most = app.config.sessions.per_account;
    let which = Which::Beyond { account_id, most, newest, now: app.clock.now() };
    // Whoever signs in later than this look looks later, too, and finds this session among the others.
    if store::is_any_unended(app.db.executor(), which).await? {
        run(app, which, EndReason::TooManySessions).await?;
    }
    Ok(())
}

/// Ends every other session, in the transaction that changes the password.
pub async fn because_password_changed(
    transaction: &Transaction,
    claims: &Claims,
    now: Timestamp,
) -> Result<Ended, StoreError> {
    let which = Which::AllBut { account_id: claims.sub, session_id: claims.sid };
    within(transaction, which, EndReason::PasswordChanged, now).await
}

/// Ends every session, in the transaction that sets the password anew.
pub async fn because_password_reset(
    transaction: &Transaction,
    account_id: Uuid,
    now: Timestamp,
) -> Result<Ended, StoreError> {
    within(transaction, Which::All { account_id }, EndReason::PasswordReset, now).await
}

/// Ends every session, in the transaction that deletes the account. Where there are the rows of more sessions than one
/// statement may delete, whether they have ended or not, a cutoff has them deleted afterwards.
pub async fn because_account_deleted(
    transaction: &Transaction,
    account_id: Uuid,
    now: Timestamp,
) -> Result<Ended, StoreError> {
    let (db, which, reason) = (transaction.executor(), Which::All { account_id }, EndReason::AccountDeleted);
    let mut ended = within(transaction, which, reason, now).await?;
    if ended.cut.is_none() && store::is_crowd(db, account_id).await? {
        cutoff::insert(db, account_id, which, reason, now).await?;
        ended.cut = Some(account_id);
    }
    Ok(ended)
}

/// Ends sessions in a transaction and tells the other servers, if it commits. A portion is ended one by one; where there
/// may be more, a cutoff ends the rest.
async fn within(
    transaction: &Transaction,
    which: Which,
    reason: EndReason,
    now: Timestamp,
) -> Result<Ended, StoreError> {
    let db = transaction.executor();
    let ids = store::mark_ended(db, which, reason, now).await?;
    let cut = which.of_account().filter(|_| ids.len() == PORTION);
    if let Some(account_id) = cut {
        cutoff::insert(db, account_id, which, reason, now).await?;
    }
    transaction.notify(ended::CHANNEL).await?;
    Ok(Ended { ids, cut, reason })
}
