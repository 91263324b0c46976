//! List of an account's active and recently ended sessions, in pages, so that no number of sessions fills the memory.

mod cursor;
mod store;

use super::device;
use super::revoke::SessionSelector;
use super::session::SessionRecord;
use super::store::{find_session, last_created};
use crate::db::StoreError;
use crate::sessions::Sessions;
use cursor::{ListCursor, ListSection};
use latchkey_shared::{Claims, Page, Session, Timestamp};
use std::time::Duration;
use uuid::Uuid;

/// Time for which a session stays on the list after its end.
pub(super) const ENDED_RETENTION: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Error of listing sessions.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The cursor was not issued to this session.
    #[error("no page of this list begins there")]
    Cursor,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Returns a page of the list: the requesting session, then the active ones by last use, then the ended ones by their
/// end, the latest first.
pub async fn run(
    service: &Sessions,
    claims: &Claims,
    limit: usize,
    after: Option<&str>,
) -> Result<Page<Session>, ListError> {
    let after =
        after.map(|text| ListCursor::decode(text, claims.sid).ok_or(ListError::Cursor)).transpose()?;
    let now = service.clock.now();
    let mut records = Vec::new();
    // One record more than the limit shows whether there is another page.
    let (context, wanted) = (ListContext { account_id: claims.sub, sid: claims.sid, now }, limit + 1);
    let db = service.db.executor();
    if after.is_none() {
        let own = SessionSelector::IdOfAccount { account_id: claims.sub, session_id: claims.sid };
        records.extend(find_session(db, own).await?);
    }
    let (active, ended) = match after {
        Some(after) if after.section == ListSection::Ended => (None, Some(after)),
        after => (Some(after), None),
    };
    if let Some(after) = active {
        records.extend(store::list_active(db, context, after, wanted - records.len()).await?);
    }
    if records.len() < wanted {
        records.extend(store::list_ended(db, context, ended, wanted - records.len()).await?);
    }
    let is_last = records.len() < wanted;
    records.truncate(limit);
    let next = records.last().filter(|_| !is_last).map(|last| cursor_of(last, context).encode(claims.sid));
    Ok(Page { items: records.into_iter().map(|record| session_dto(record, context)).collect(), next })
}

/// Account, requesting session and time of a list request.
#[derive(Clone, Copy)]
struct ListContext {
    account_id: Uuid,
    /// The requesting session.
    sid: Uuid,
    now: Timestamp,
}

/// Returns the time of the account's last sign-in among the sessions that still are stored.
pub async fn last_sign_in(service: &Sessions, account_id: Uuid) -> Result<Option<Timestamp>, StoreError> {
    last_created(service.db.executor(), account_id).await
}

fn cursor_of(record: &SessionRecord, context: ListContext) -> ListCursor {
    match record.ended(context.now) {
        _ if record.id == context.sid => ListCursor::FIRST,
        Some((at, _)) => ListCursor { section: ListSection::Ended, at, id: record.id },
        None => ListCursor { section: ListSection::Active, at: record.last_seen_at, id: record.id },
    }
}

fn session_dto(record: SessionRecord, context: ListContext) -> Session {
    let (ended_at, end_reason) = record.ended(context.now).unzip();
    Session {
        id: record.id,
        current: record.id == context.sid,
        device: device::label(&record.client_info.user_agent),
        expires_at: record.ends_at(),
        user_agent: record.client_info.user_agent,
        ip: record.client_info.ip,
        created_at: record.created_at,
        last_seen_at: record.last_seen_at,
        ended_at,
        end_reason,
    }
}
