//! Database queries for the session list, in its order.

use super::super::revoke::active;
use super::super::session::SessionRecord;
use super::super::store::{SessionRow, into_record, select};
use super::cursor::ListCursor;
use super::{ENDED_RETENTION, ListContext};
use crate::db::entity::session::{Column, Entity};
use crate::db::{Executor, StoreError};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect, Select};

/// Returns active sessions after the cursor, the last used first, without the requesting one.
pub async fn list_active(
    db: &impl Executor,
    context: ListContext,
    after: Option<ListCursor>,
    limit: usize,
) -> Result<Vec<SessionRecord>, StoreError> {
    let found = select().filter(active(context.account_id, context.now)).filter(Column::Id.ne(context.sid));
    fetch_page(db, found, &session_column(Column::LastSeenAt), after, limit).await
}

/// Returns ended sessions after the cursor, the last ended first, without the requesting one.
pub async fn list_ended(
    db: &impl Executor,
    context: ListContext,
    after: Option<ListCursor>,
    limit: usize,
) -> Result<Vec<SessionRecord>, StoreError> {
    let since = (context.now - ENDED_RETENTION).as_millis();
    let others =
        || select().filter(Column::AccountId.eq(context.account_id)).filter(Column::Id.ne(context.sid));
    let revoked = others().filter(Column::EndedAt.gt(since));
    let mut found = fetch_page(db, revoked, &session_column(Column::EndedAt), after, limit).await?;
    // Expiry is not stored, so it is computed here. These are few: the number of active sessions is limited.
    let expires_at = Expr::case(
        session_column(Column::IdleEndsAt).lt(session_column(Column::AbsoluteEndsAt)),
        session_column(Column::IdleEndsAt),
    )
    .finally(session_column(Column::AbsoluteEndsAt));
    let expires_at: Expr = expires_at.into();
    let expired = others()
        .filter(Column::EndedAt.is_null())
        .filter(expires_at.clone().lte(context.now.as_millis()))
        .filter(expires_at.clone().gt(since));
    found.extend(fetch_page(db, expired, &expires_at, after, limit).await?);
    found.sort_by_key(|found| std::cmp::Reverse((found.ended(context.now).map(|(at, _)| at), found.id)));
    found.truncate(limit);
    Ok(found)
}

/// Returns a page of the selected sessions after the cursor, the latest by `at` first.
async fn fetch_page(
    db: &impl Executor,
    found: Select<Entity>,
    at: &Expr,
    after: Option<ListCursor>,
    limit: usize,
) -> Result<Vec<SessionRecord>, StoreError> {
    let found = match after {
        None => found,
        Some(after) => {
            let place = Expr::tuple([Expr::value(after.at.as_millis()), Expr::value(after.id)]);
            found.filter(Expr::tuple([at.clone(), session_column(Column::Id)]).lt(place))
        }
    };
    let found = found.order_by_desc(at.clone()).order_by_desc(Column::Id).limit(limit as u64);
    Ok(found.into_model::<SessionRow>().all(db).await?.into_iter().map(into_record).collect())
}

fn session_column(column: Column) -> Expr {
    Expr::col((Entity, column))
}
