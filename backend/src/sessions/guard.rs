//! A change in the name of a session: its transaction begins only while the session lives, and nobody ends the session
//! until it is over. A call's token is checked before its body arrives, and the session may end in between.

use super::session::Record;
use super::{ended, store};
use crate::app::App;
use crate::db::{StoreError, Transaction};
use latchkey_shared::{Claims, EndReason, Timestamp};

/// Why nothing can be done in the session's name.
#[derive(Debug, thiserror::Error)]
pub enum Over {
    /// The session is over.
    #[error("the session has ended: {0:?}")]
    Ended(Option<EndReason>),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The transaction of a change that a session asks for.
pub struct Guarded {
    /// What the change is a part of.
    pub transaction: Transaction,
    /// The session.
    pub session: Record,
}

impl Guarded {
    /// Begins the transaction, if the session lives.
    pub async fn begin(app: &App, claims: &Claims, now: Timestamp) -> Result<Self, Over> {
        let transaction = app.db.begin().await?;
        // First, and in a statement of its own: whoever ends many sessions holds the account, and is then seen here.
        store::lock_account(transaction.executor(), claims.sub).await?;
        let session = store::lock_session(transaction.executor(), claims.sid).await?;
        match lives(app, claims, session, now) {
            Ok(session) => Ok(Self { transaction, session }),
            Err(reason) => Err(Over::Ended(reason)),
        }
    }
}

/// Asks whether the session lives at this moment, for what is costly or tells something before anything is changed.
pub async fn must_live(app: &App, claims: &Claims, now: Timestamp) -> Result<(), Over> {
    let session = app.sessions.find(claims.sid).await?;
    lives(app, claims, session, now).map(drop).map_err(Over::Ended)
}

fn lives(
    app: &App,
    claims: &Claims,
    session: Option<Record>,
    now: Timestamp,
) -> Result<Record, Option<EndReason>> {
    let own = session.filter(|session| session.account_id == claims.sub);
    let session = own.ok_or_else(|| ended::remembered(app, claims.sid, claims.sub))?;
    match session.ended(now) {
        None => Ok(session),
        Some((_, reason)) => Err(Some(reason)),
    }
}
