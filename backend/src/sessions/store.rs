//! Sessions in the database.

use super::refresh::Rotation;
use super::rotation::{Facts, Generation};
use super::seen::Seen;
use super::session::{Client, NewSession, Record};
use super::sign_in::SignIn;
use crate::db::entity::{account, ended_session, session};
use crate::db::{Executor, StoreError, asked};
use latchkey_shared::{EndReason, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, IntoIden, LockType, OnConflict, Query, TableRef, ValueTuple};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use session::Column;
use std::collections::HashSet;
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

/// A session that was over long ago.
pub struct Over {
    pub id: Uuid,
    pub account_id: Uuid,
    pub created_at: Timestamp,
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

/// Begins sessions of accounts whose password still is the one that was checked, and tells which of them began.
pub async fn insert_guarded(db: &impl Executor, sign_ins: &[SignIn]) -> Result<Vec<bool>, StoreError> {
    let rows = sign_ins.iter().map(|SignIn { new, checked }| {
        ValueTuple::Many(vec![
            new.id.into(),
            new.account_id.into(),
            new.remember.into(),
            new.client.user_agent.as_str().into(),
            new.client.ip.as_str().into(),
            new.now.as_millis().into(),
            new.idle_ends_at.as_millis().into(),
            new.absolute_ends_at.as_millis().into(),
            checked.expose().into(),
        ])
    });
    let account = |column: account::Column| Expr::col((account::Entity, column));
    let guarded = Query::select()
        .exprs(["column1", "column2"].map(asked))
        .exprs([0, -1].map(Expr::value))
        .exprs(
            ["column6", "column3", "column4", "column5", "column6", "column6", "column7", "column8"]
                .map(asked),
        )
        .from_values(rows.collect::<Vec<_>>(), "asked")
        .inner_join(account::Entity, account(account::Column::Id).eq(asked("column2")))
        .and_where(account(account::Column::PasswordHash).eq(asked("column9")))
        // Whoever changes the password waits until the session can be seen and ended, or has changed it before.
        .lock_with_tables(LockType::Share, [account::Entity])
        .to_owned();
    let insert = Query::insert()
        .into_table(session::Entity)
        .columns([
            Column::Id,
            Column::AccountId,
            Column::Generation,
            Column::SeenGeneration,
            Column::RotatedAt,
            Column::Remember,
            Column::UserAgent,
            Column::Ip,
            Column::CreatedAt,
            Column::LastSeenAt,
            Column::IdleEndsAt,
            Column::AbsoluteEndsAt,
        ])
        .select_from(guarded)
        .map_err(|error| DbErr::Custom(error.to_string()))?
        // One that was written although its answer was lost has begun.
        .on_conflict(OnConflict::column(Column::Id).update_column(Column::Id).to_owned())
        .returning_col(Column::Id)
        .to_owned();
    let begun: HashSet<Uuid> =
        db.query_all(&insert).await?.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?;
    Ok(sign_ins.iter().map(|sign_in| begun.contains(&sign_in.new.id)).collect())
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

/// Rotates those sessions that still are at the generation that they are rotated from and have not ended. Of any number
/// of callers exactly one is told that it was the one, also where several are in `rotations`.
pub async fn mark_rotated(db: &impl Executor, rotations: &[Rotation]) -> Result<Vec<bool>, StoreError> {
    let rows = rotations.iter().map(|rotation| {
        ValueTuple::Many(vec![
            rotation.session_id.into(),
            signed(rotation.from).into(),
            rotation.now.as_millis().into(),
            rotation.idle_ends_at.as_millis().into(),
            rotation.client.user_agent.as_str().into(),
            rotation.client.ip.as_str().into(),
            rotation.rotated_at.as_millis().into(),
        ])
    });
    let rotate = Query::update()
        .table(session::Entity)
        .value(Column::Generation, own(Column::Generation).add(1))
        .value(Column::RotatedAt, asked("column7"))
        .value(Column::LastSeenAt, asked("column3"))
        .value(Column::IdleEndsAt, asked("column4"))
        .value(Column::UserAgent, asked("column5"))
        .value(Column::Ip, asked("column6"))
        .from(TableRef::ValuesList(rows.collect(), "asked".into_iden()))
        .and_where(own(Column::Id).eq(asked("column1")))
        .and_where(own(Column::Generation).eq(asked("column2")))
        .and_where(own(Column::EndedAt).is_null())
        .returning(Query::returning().columns([Column::Id, Column::Generation]))
        .to_owned();
    let mut rotated = HashSet::new();
    for row in db.query_all(&rotate).await? {
        rotated.insert((row.try_get_by_index::<Uuid>(0)?, row.try_get_by_index::<i64>(1)?));
    }
    let is_the_one =
        |rotation: &Rotation| rotated.remove(&(rotation.session_id, signed(rotation.from.next())));
    Ok(rotations.iter().map(is_the_one).collect())
}

/// Notes which generations have been used, where none later has been noted yet.
pub async fn mark_seen(db: &impl Executor, seen: &[Seen]) -> Result<(), StoreError> {
    let rows = seen.iter().map(|seen| {
        ValueTuple::Many(vec![
            seen.session_id.into(),
            signed(seen.generation).into(),
            seen.at.as_millis().into(),
        ])
    });
    let note = Query::update()
        .table(session::Entity)
        .value(Column::SeenGeneration, asked("column2"))
        .value(Column::LastSeenAt, asked("column3"))
        .from(TableRef::ValuesList(rows.collect(), "asked".into_iden()))
        .and_where(own(Column::Id).eq(asked("column1")))
        .and_where(own(Column::SeenGeneration).lte(asked("column2")))
        .and_where(own(Column::EndedAt).is_null())
        .to_owned();
    db.execute(&note).await?;
    Ok(())
}

/// A column of the session that is written.
fn own(column: Column) -> Expr {
    Expr::col((session::Entity, column))
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
pub async fn list_ended(db: &impl Executor, since: Timestamp) -> Result<Vec<(Uuid, EndReason)>, StoreError> {
    let rows = ended_session::Entity::find()
        .filter(ended_session::Column::EndedAt.gt(since.as_millis()))
        .all(db)
        .await?;
    let told = |row: ended_session::Model| (row.session_id, EndReason::named(&row.reason));
    Ok(rows.into_iter().map(told).collect())
}

/// A portion of the sessions behind `after` that were over before `limit`, in the order of their ids. Finding them all takes
/// one look at every session, however many portions they come in; in a read, which holds nobody up.
pub async fn list_over(db: &impl Executor, limit: Timestamp, after: Uuid) -> Result<Vec<Over>, StoreError> {
    let limit = limit.as_millis();
    let over = session::Entity::find()
        .select_only()
        .columns([Column::Id, Column::AccountId, Column::CreatedAt])
        .filter(
            Condition::any()
                .add(Column::EndedAt.lt(limit))
                .add(Column::IdleEndsAt.lt(limit))
                .add(Column::AbsoluteEndsAt.lt(limit)),
        )
        .filter(Column::Id.gt(after))
        .order_by_asc(Column::Id)
        .limit(PORTION as u64)
        .into_tuple()
        .all(db)
        .await?;
    let over = over.into_iter().map(|(id, account_id, created_at)| Over {
        id,
        account_id,
        created_at: Timestamp::from_millis(created_at),
    });
    Ok(over.collect())
}

/// When somebody last signed in, as far as there still is a session that says so.
pub async fn last_created(db: &impl Executor, account_id: Uuid) -> Result<Option<Timestamp>, StoreError> {
    let last: Option<Option<i64>> = session::Entity::find()
        .select_only()
        .column_as(Column::CreatedAt.max(), "last")
        .filter(Column::AccountId.eq(account_id))
        .into_tuple()
        .one(db)
        .await?;
    Ok(last.flatten().map(Timestamp::from_millis))
}

/// When any session was last used, as far as there is one that says so.
pub async fn last_written(db: &impl Executor) -> Result<Option<Timestamp>, StoreError> {
    let last: Option<Option<i64>> = session::Entity::find()
        .select_only()
        .column_as(Column::LastSeenAt.max(), "last")
        .into_tuple()
        .one(db)
        .await?;
    Ok(last.flatten().map(Timestamp::from_millis))
}

/// Deletes sessions that are over. No session comes back to life, so this needs no condition of its own.
pub async fn delete_sessions(db: &impl Executor, ids: impl Iterator<Item = Uuid>) -> Result<(), StoreError> {
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
