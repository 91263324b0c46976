//! Where an account is signed in, and where it was lately.

use super::device;
use super::session::Record;
use super::store;
use crate::app::App;
use crate::db::StoreError;
use latchkey_shared::{Claims, Session, SessionList, Timestamp};
use std::time::Duration;
use uuid::Uuid;

/// How long a session stays on the list after its end.
pub(super) const REMEMBERED: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The list that the page shows: the one that asks, those that live, those that have ended.
pub async fn run(app: &App, claims: &Claims) -> Result<SessionList, StoreError> {
    let now = app.clock.now();
    let mut sessions = all(app, claims.sub, Some(claims.sid), now).await?;
    sessions.sort_by_key(|session| {
        let latest_first = std::cmp::Reverse(session.ended_at.unwrap_or(session.last_seen_at));
        (!session.current, session.ended_at.is_some(), latest_first)
    });
    Ok(SessionList { sessions })
}

/// Every session of the account that is still on record.
pub async fn all(
    app: &App,
    account_id: Uuid,
    current: Option<Uuid>,
    now: Timestamp,
) -> Result<Vec<Session>, StoreError> {
    let records = store::list_sessions(app.db.executor(), account_id, now - REMEMBERED).await?;
    Ok(records.into_iter().map(|record| shown(record, current, now)).collect())
}

/// When somebody last signed in to the account, as far as its sessions still tell.
pub async fn last_sign_in(app: &App, account_id: Uuid) -> Result<Option<Timestamp>, StoreError> {
    store::last_created(app.db.executor(), account_id).await
}

fn shown(record: Record, current: Option<Uuid>, now: Timestamp) -> Session {
    let (ended_at, end_reason) = record.ended(now).unzip();
    Session {
        id: record.id,
        current: current == Some(record.id),
        device: device::label(&record.client.user_agent),
        expires_at: record.ends_at(),
        user_agent: record.client.user_agent,
        ip: record.client.ip,
        created_at: record.created_at,
        last_seen_at: record.last_seen_at,
        ended_at,
        end_reason,
    }
}
