//! A change in the name of a session: its transaction begins only while the session lives, and nobody ends the session
//! until it is over. A call's token is checked before its body arrives, and the session may end in between.

use super::session::SessionRecord;
use super::{revocations, store};
use crate::app::App;
use crate::db::{StoreError, Transaction};
use latchkey_shared::{Claims, EndReason, Timestamp};

/// Why nothing can be done in the session's name.
#[derive(Debug, thiserror::Error)]
pub enum InactiveSessionError {
    /// The session is over.
    #[error("the session has ended: {0:?}")]
    Ended(Option<EndReason>),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The transaction of a change that a session asks for.
pub struct LockedSession {
    /// What the change is a part of.
    pub transaction: Transaction,
    /// The session.
    pub session: SessionRecord,
}

impl LockedSession {
    /// Begins the transaction, if the session lives.
    pub async fn begin(app: &App, claims: &Claims, now: Timestamp) -> Result<Self, InactiveSessionError> {
        let transaction = app.db.begin().await?;
        // First, and in a statement of its own: whoever ends many sessions holds the account, and is then seen here.
        store::lock_account(transaction.executor(), claims.sub).await?;
        let session = store::lock_session(transaction.executor(), claims.sid).await?;
        match check_active(app, claims, session, now) {
            Ok(session) => Ok(Self { transaction, session }),
            Err(reason) => Err(InactiveSessionError::Ended(reason)),
        }
    }
}

/// Asks whether the session lives at this moment, for what is costly or tells something before anything is changed.
pub async fn require_active(app: &App, claims: &Claims, now: Timestamp) -> Result<(), InactiveSessionError> {
    let session = app.sessions.find(claims.sid).await?;
    check_active(app, claims, session, now).map(drop).map_err(InactiveSessionError::Ended)
}

fn check_active(
    app: &App,
    claims: &Claims,
    session: Option<SessionRecord>,
    now: Timestamp,
) -> Result<SessionRecord, Option<EndReason>> {
    let own = session.filter(|session| session.account_id == claims.sub);
    let session = own.ok_or_else(|| revocations::recent_reason(app, claims.sid, claims.sub))?;
    match session.ended(now) {
        None => Ok(session),
        Some((_, reason)) => Err(Some(reason)),
    }
}
