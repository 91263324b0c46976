//! Sessions in the database.

use super::rotation::{Facts, Generation};
use super::session::{Client, NewSession, Record};
use crate::db::entity::{ended_session, session};
use crate::db::{Executor, StoreError};
use latchkey_shared::{EndReason, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use session::Column;
use uuid::Uuid;

/// A statement holds only so many parameters, and a transaction must not hold others up for long.
const PORTION: usize = 1000;

/// Which sessions of whom.
#[derive(Clone, Copy)]
pub enum Which {
    /// This one, whosever it is.
    One(Uuid),
    /// This one, if it is the account's.
    OneOf { account_id: Uuid, session_id: Uuid },
    /// The account's, but for this one.
    AllBut { account_id: Uuid, session_id: Uuid },
    /// The account's.
    All { account_id: Uuid },
}

impl Which {
    fn condition(self) -> Condition {
        match self {
            Self::One(session_id) => Column::Id.eq(session_id).into(),
            Self::OneOf { account_id, session_id } => {
                Condition::all().add(Column::AccountId.eq(account_id)).add(Column::Id.eq(session_id))
            }
            Self::AllBut { account_id, session_id } => {
                Condition::all().add(Column::AccountId.eq(account_id)).add(Column::Id.ne(session_id))
            }
            Self::All { account_id } => Column::AccountId.eq(account_id).into(),
        }
    }
}

pub async fn insert_session(db: &impl Executor, new: NewSession) -> Result<(), StoreError> {
    let row = session::ActiveModel {
        id: Set(new.id),
        account_id: Set(new.account_id),
        generation: Set(0),
        seen_generation: Set(-1),
        rotated_at: Set(new.now.as_millis()),
        remember: Set(new.remember),
        user_agent: Set(new.client.user_agent),
        ip: Set(new.client.ip),
        created_at: Set(new.now.as_millis()),
        last_seen_at: Set(new.now.as_millis()),
        idle_ends_at: Set(new.idle_ends_at.as_millis()),
        absolute_ends_at: Set(new.absolute_ends_at.as_millis()),
        ended_at: Set(None),
        end_reason: Set(None),
    };
    session::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

pub async fn find_session(db: &impl Executor, which: Which) -> Result<Option<Record>, StoreError> {
    Ok(session::Entity::find().filter(which.condition()).one(db).await?.map(record))
}

/// Those sessions that there are.
pub async fn find_sessions(db: &impl Executor, ids: Vec<Uuid>) -> Result<Vec<Record>, StoreError> {
    let rows = session::Entity::find().filter(Column::Id.is_in(ids)).all(db).await?;
    Ok(rows.into_iter().map(record).collect())
}

/// The account's sessions that live or ended after `since`, the one used last first.
pub async fn list_sessions(
    db: &impl Executor,
    account_id: Uuid,
    since: Timestamp,
) -> Result<Vec<Record>, StoreError> {
    let rows = session::Entity::find()
        .filter(Column::AccountId.eq(account_id))
        .filter(Column::EndedAt.is_null().or(Column::EndedAt.gt(since.as_millis())))
        .filter(Column::IdleEndsAt.gt(since.as_millis()))
        .filter(Column::AbsoluteEndsAt.gt(since.as_millis()))
        .order_by_desc(Column::LastSeenAt)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(record).collect())
}

/// Rotates the session, if it still is at generation `from` and has not ended. Of any number of callers exactly one
/// is told that it was the one.
pub async fn mark_rotated(
    db: &impl Executor,
    session_id: Uuid,
    from: Generation,
    now: Timestamp,
    idle_ends_at: Timestamp,
    client: &Client,
) -> Result<bool, StoreError> {
    let done = session::Entity::update_many()
        .col_expr(Column::Generation, Expr::value(signed(from.next())))
        .col_expr(Column::RotatedAt, Expr::value(now.as_millis()))
        .col_expr(Column::LastSeenAt, Expr::value(now.as_millis()))
        .col_expr(Column::IdleEndsAt, Expr::value(idle_ends_at.as_millis()))
        .col_expr(Column::UserAgent, Expr::value(client.user_agent.as_str()))
        .col_expr(Column::Ip, Expr::value(client.ip.as_str()))
        .filter(Column::Id.eq(session_id))
        .filter(Column::Generation.eq(signed(from)))
        .filter(Column::EndedAt.is_null())
        .exec(db)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Notes that a token of this generation was used.
pub async fn mark_seen(
    db: &impl Executor,
    session_id: Uuid,
    generation: Generation,
    at: Timestamp,
) -> Result<(), StoreError> {
    session::Entity::update_many()
        .col_expr(Column::SeenGeneration, Expr::value(signed(generation)))
        .col_expr(Column::LastSeenAt, Expr::value(at.as_millis()))
        .filter(Column::Id.eq(session_id))
        .filter(Column::SeenGeneration.lte(signed(generation)))
        .filter(Column::EndedAt.is_null())
        .exec(db)
        .await?;
    Ok(())
}

/// Ends those of the sessions that live, and tells which they were. Belongs in a transaction: the servers learn of it
/// from a second table.
pub async fn mark_ended(
    db: &impl Executor,
    which: Which,
    reason: EndReason,
    now: Timestamp,
) -> Result<Vec<Uuid>, StoreError> {
    let ended: Vec<Uuid> = session::Entity::update_many()
        .col_expr(Column::EndedAt, Expr::value(now.as_millis()))
        .col_expr(Column::EndReason, Expr::value(reason.to_string()))
        .filter(which.condition())
        .filter(Column::EndedAt.is_null())
        .exec_with_returning(db)
        .await?
        .into_iter()
        .map(|row| row.id)
        .collect();
    let told = ended.iter().map(|id| ended_session::ActiveModel {
        session_id: Set(*id),
        reason: Set(reason.to_string()),
        ended_at: Set(now.as_millis()),
    });
    for portion in told.collect::<Vec<_>>().chunks(PORTION) {
        ended_session::Entity::insert_many(portion.to_vec())
            .on_conflict_do_nothing()
            .exec_without_returning(db)
            .await?;
    }
    Ok(ended)
}

/// The sessions that ended after `since`, whosever they were.
pub async fn list_ended(
    db: &impl Executor,
    since: Timestamp,
) -> Result<Vec<(Uuid, EndReason, Timestamp)>, StoreError> {
    let rows = ended_session::Entity::find()
        .filter(ended_session::Column::EndedAt.gt(since.as_millis()))
        .all(db)
        .await?;
    let told = |row: ended_session::Model| {
        (row.session_id, EndReason::named(&row.reason), Timestamp::from_millis(row.ended_at))
    };
    Ok(rows.into_iter().map(told).collect())
}

/// A portion of the sessions that were over before `limit`; `None` when there are none left. Finding them takes a look at
/// every session: in a read, which holds nobody up.
pub async fn find_over(db: &impl Executor, limit: Timestamp) -> Result<Option<Vec<Uuid>>, StoreError> {
    let limit = limit.as_millis();
    let over: Vec<Uuid> = session::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(
            Condition::any()
                .add(Column::EndedAt.lt(limit))
                .add(Column::IdleEndsAt.lt(limit))
                .add(Column::AbsoluteEndsAt.lt(limit)),
        )
        .limit(PORTION as u64)
        .into_tuple()
        .all(db)
        .await?;
    Ok((!over.is_empty()).then_some(over))
}

/// Deletes sessions that are over. No session comes back to life, so this needs no condition of its own.
pub async fn delete_sessions(db: &impl Executor, ids: Vec<Uuid>) -> Result<(), StoreError> {
    session::Entity::delete_many().filter(Column::Id.is_in(ids)).exec(db).await?;
    Ok(())
}

/// Forgets those ends of which no token can be left.
pub async fn delete_ends(db: &impl Executor, before: Timestamp) -> Result<(), StoreError> {
    ended_session::Entity::delete_many()
        .filter(ended_session::Column::EndedAt.lt(before.as_millis()))
        .exec(db)
        .await?;
    Ok(())
}

fn record(row: session::Model) -> Record {
    Record {
        id: row.id,
        account_id: row.account_id,
        remember: row.remember,
        client: Client { user_agent: row.user_agent, ip: row.ip },
        created_at: Timestamp::from_millis(row.created_at),
        last_seen_at: Timestamp::from_millis(row.last_seen_at),
        ended_at: row.ended_at.map(Timestamp::from_millis),
        facts: Facts {
            generation: Generation(row.generation.unsigned_abs()),
            seen: u64::try_from(row.seen_generation).ok().map(Generation),
            rotated_at: Timestamp::from_millis(row.rotated_at),
            idle_ends_at: Timestamp::from_millis(row.idle_ends_at),
            absolute_ends_at: Timestamp::from_millis(row.absolute_ends_at),
            ended: row.end_reason.as_deref().map(EndReason::named),
        },
    }
}

/// Databases count with a sign.
fn signed(generation: Generation) -> i64 {
    i64::try_from(generation.0).unwrap_or(i64::MAX)
}
