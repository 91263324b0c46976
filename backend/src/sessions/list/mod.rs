//! Where an account is signed in, and where it was lately; in pages, so that no number of sessions fills the memory.

mod cursor;
mod store;

use super::device;
use super::end::Which;
use super::session::Record;
use super::store::{find_session, last_created};
use crate::app::App;
use crate::db::StoreError;
use cursor::{Group, Position};
use latchkey_shared::{Claims, Page, Session, Timestamp};
use std::time::Duration;
use uuid::Uuid;

/// How long a session stays on the list after its end.
pub(super) const REMEMBERED: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The cursor was not given to this session.
    #[error("no page of this list begins there")]
    Cursor,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A page of the list: the session that asks, those that live, those that have ended. The ones that live are in the order
/// of their last use, the ended ones in that of their ends, the latest first.
pub async fn run(
    app: &App,
    claims: &Claims,
    limit: usize,
    after: Option<&str>,
) -> Result<Page<Session>, ListError> {
    let after = after.map(|text| Position::read(text, claims.sid).ok_or(ListError::Cursor)).transpose()?;
    let now = app.clock.now();
    let mut records = Vec::new();
    // One more tells whether there is another page.
    let (asked, wanted) = (Asked { account_id: claims.sub, sid: claims.sid, now }, limit + 1);
    let db = app.db.executor();
    if after.is_none() {
        let own = Which::OneOf { account_id: claims.sub, session_id: claims.sid };
        records.extend(find_session(db, own).await?);
    }
    let (living, ended) = match after {
        Some(after) if after.group == Group::Ended => (None, Some(after)),
        after => (Some(after), None),
    };
    if let Some(after) = living {
        records.extend(store::list_living(db, asked, after, wanted - records.len()).await?);
    }
    if records.len() < wanted {
        records.extend(store::list_ended(db, asked, ended, wanted - records.len()).await?);
    }
    let is_last = records.len() < wanted;
    records.truncate(limit);
    let next = records.last().filter(|_| !is_last).map(|last| position(last, asked).written(claims.sid));
    Ok(Page { items: records.into_iter().map(|record| shown(record, asked)).collect(), next })
}

/// Whose list it is, and when.
#[derive(Clone, Copy)]
struct Asked {
    account_id: Uuid,
    /// The session that asks.
    sid: Uuid,
    now: Timestamp,
}

/// When somebody last signed in to the account, as far as its sessions still tell.
pub async fn last_sign_in(app: &App, account_id: Uuid) -> Result<Option<Timestamp>, StoreError> {
    last_created(app.db.executor(), account_id).await
}

fn position(record: &Record, asked: Asked) -> Position {
    match record.ended(asked.now) {
        _ if record.id == asked.sid => Position::FIRST,
        Some((at, _)) => Position { group: Group::Ended, at, id: record.id },
        None => Position { group: Group::Living, at: record.last_seen_at, id: record.id },
    }
}

fn shown(record: Record, asked: Asked) -> Session {
    let (ended_at, end_reason) = record.ended(asked.now).unzip();
    Session {
        id: record.id,
        current: record.id == asked.sid,
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
