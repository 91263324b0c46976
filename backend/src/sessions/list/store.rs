//! An account's sessions in the database, in the order of its list.

use super::super::end::living;
use super::super::session::Record;
use super::super::store::{Row, record, select};
use super::cursor::Position;
use super::{Asked, REMEMBERED};
use crate::db::entity::session::{Column, Entity};
use crate::db::{Executor, StoreError};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect, Select};

/// Those that live, from this place on; the one used last first, and without the one that asks.
pub async fn list_living(
    db: &impl Executor,
    asked: Asked,
    after: Option<Position>,
    limit: usize,
) -> Result<Vec<Record>, StoreError> {
    let found = select().filter(living(asked.account_id, asked.now)).filter(Column::Id.ne(asked.sid));
    part(db, found, &own(Column::LastSeenAt), after, limit).await
}

/// Those that have ended, from this place on; the one that ended last first.
pub async fn list_ended(
    db: &impl Executor,
    asked: Asked,
    after: Option<Position>,
    limit: usize,
) -> Result<Vec<Record>, StoreError> {
    let since = (asked.now - REMEMBERED).as_millis();
    let others = || select().filter(Column::AccountId.eq(asked.account_id)).filter(Column::Id.ne(asked.sid));
    let told = others().filter(Column::EndedAt.gt(since));
    let mut found = part(db, told, &own(Column::EndedAt), after, limit).await?;
    // Nobody writes down that time ran out. These are few: no more can have lived at once.
    let ran_out =
        Expr::case(own(Column::IdleEndsAt).lt(own(Column::AbsoluteEndsAt)), own(Column::IdleEndsAt))
            .finally(own(Column::AbsoluteEndsAt));
    let ran_out: Expr = ran_out.into();
    let expired = others()
        .filter(Column::EndedAt.is_null())
        .filter(ran_out.clone().lte(asked.now.as_millis()))
        .filter(ran_out.clone().gt(since));
    found.extend(part(db, expired, &ran_out, after, limit).await?);
    found.sort_by_key(|found| std::cmp::Reverse((found.ended(asked.now).map(|(at, _)| at), found.id)));
    found.truncate(limit);
    Ok(found)
}

/// A part of what is found: from this place on, the latest first.
async fn part(
    db: &impl Executor,
    found: Select<Entity>,
    at: &Expr,
    after: Option<Position>,
    limit: usize,
) -> Result<Vec<Record>, StoreError> {
    let found = match after {
        None => found,
        Some(after) => {
            let place = Expr::tuple([Expr::value(after.at.as_millis()), Expr::value(after.id)]);
            found.filter(Expr::tuple([at.clone(), own(Column::Id)]).lt(place))
        }
    };
    let found = found.order_by_desc(at.clone()).order_by_desc(Column::Id).limit(limit as u64);
    Ok(found.into_model::<Row>().all(db).await?.into_iter().map(record).collect())
}

fn own(column: Column) -> Expr {
    Expr::col((Entity, column))
}
