//! A new generation for a session whose password was changed: no refresh token from before buys anything any more,
//! whoever has a copy of it.

use super::guard::{Guarded, Over};
use super::session::Issued;
use super::sign_in::Started;
use super::store;
use crate::app::App;
use latchkey_shared::{Claims, Timestamp};

/// Makes the generation, in the transaction that changes the password.
pub async fn run(app: &App, guarded: &Guarded, claims: &Claims, now: Timestamp) -> Result<Started, Over> {
    let session = &guarded.session;
    let idle_ends_at = now + app.idle_limit(session.remember);
    let db = guarded.transaction.executor();
    let rotated_at = app.shared_time.now(&*app.clock);
    let made = store::mark_superseded(db, claims.sid, now, rotated_at, idle_ends_at).await?;
    Ok(Started(Issued {
        session_id: session.id,
        generation: made.ok_or(Over::Ended(None))?,
        authenticated_at: session.created_at,
        ends_at: idle_ends_at.min(session.facts.absolute_ends_at),
        remember: session.remember,
    }))
}
