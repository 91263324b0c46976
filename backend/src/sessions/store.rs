//! Sessions in the database.

use super::end::{Which, unended};
use super::refresh::Rotation;
use super::replace_key::KeyChange;
use super::rotation::{Facts, Generation};
use super::seen::Seen;
use super::session::{Client, NewSession, Record};
use super::sign_in::SignIn;
use crate::db::entity::{account, session, session_cutoff as cutoff};
use crate::db::{Executor, StoreError, asked};
use crate::tokens::Thumbprint;
use latchkey_shared::{EndReason, Timestamp, TokenDelivery};
use sea_orm::sea_query::{
    Expr, ExprTrait, Func, IntoIden, LockType, OnConflict, Order, Query, TableRef, ValueTuple,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Select,
};
use session::Column;
use std::collections::HashSet;
use uuid::Uuid;

/// A statement holds only so many parameters, and a transaction must not hold others up for long.
pub const PORTION: usize = 1000;

/// How the key of a session was registered: the page makes it, and proves it as RFC 9449 says.
const KEY_SOURCE: &str = "dpop";

/// A session that was over long ago.
pub struct Over {
    pub id: Uuid,
    pub account_id: Uuid,
    pub created_at: Timestamp,
}

/// A session's row, and the cutoff that has ended it where one has not reached the row yet.
#[derive(FromQueryResult)]
pub struct Row {
    #[sea_orm(nested)]
    session: session::Model,
    cut_at: Option<i64>,
    cut_reason: Option<String>,
}

/// Sessions, each as it is: also where an end has not been written into its row yet.
pub fn select() -> Select<session::Entity> {
    let first = |column: cutoff::Column| {
        let passed = Query::select()
            .expr(Expr::col((cutoff::Entity, column)))
            .from(cutoff::Entity)
            .and_where(Expr::col((cutoff::Entity, cutoff::Column::AccountId)).eq(own(Column::AccountId)))
            .and_where(Expr::col((cutoff::Entity, cutoff::Column::Epoch)).gt(own(Column::Epoch)))
            .order_by((cutoff::Entity, cutoff::Column::Epoch), Order::Asc)
            .limit(1)
            .to_owned();
        Expr::SubQuery(None, Box::new(passed.into()))
    };
    session::Entity::find()
        .expr_as(first(cutoff::Column::EndedAt), "cut_at")
        .expr_as(first(cutoff::Column::Reason), "cut_reason")
}

pub async fn insert_session(db: &impl Executor, new: NewSession) -> Result<(), StoreError> {
    let key_source = source(new.key.as_ref()).map(str::to_owned);
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
        // A new account has no other session that could have been ended.
        epoch: Set(0),
        valid_from: Set(0),
        token_in_body: Set(new.delivery == TokenDelivery::Body),
        key_thumbprint: Set(new.key.map(|key| key.as_str().to_owned())),
        key_source: Set(key_source),
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
            (new.delivery == TokenDelivery::Body).into(),
            new.key.as_ref().map(Thumbprint::as_str).into(),
            source(new.key.as_ref()).into(),
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
        .expr(account(account::Column::SessionEpoch))
        .exprs(["column10", "column11", "column12"].map(asked))
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
            Column::Epoch,
            Column::TokenInBody,
            Column::KeyThumbprint,
            Column::KeySource,
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
    Ok(select().filter(which.condition()).into_model::<Row>().one(db).await?.map(record))
}

/// Those sessions that there are.
pub async fn find_sessions(db: &impl Executor, ids: Vec<Uuid>) -> Result<Vec<Record>, StoreError> {
    let rows = select().filter(Column::Id.is_in(ids)).into_model::<Row>().all(db).await?;
    Ok(rows.into_iter().map(record).collect())
}

/// The session, which nobody ends until the transaction is over.
pub async fn lock_session(db: &impl Executor, session_id: Uuid) -> Result<Option<Record>, StoreError> {
    let mut locked = select().filter(Column::Id.eq(session_id));
    QueryTrait::query(&mut locked).lock_with_tables(LockType::Share, [session::Entity]);
    Ok(locked.into_model::<Row>().one(db).await?.map(record))
}

/// Whoever ends several sessions of an account, or writes in the name of one of them, holds the account until the
/// transaction is over: those who wait for one another would otherwise wait for ever, or miss one another.
pub async fn lock_account(db: &impl Executor, account_id: Uuid) -> Result<(), StoreError> {
    let mut locked = account::Entity::find_by_id(account_id).select_only().column(account::Column::Id);
    QueryTrait::query(&mut locked).lock(LockType::NoKeyUpdate);
    locked.into_tuple::<Uuid>().one(db).await?;
    Ok(())
}

/// Rotates those sessions that still are at the generation that they are rotated from, are bound to the same key, and have
/// not ended. Of any number of callers exactly one is told that it was the one, also where several are in `rotations`.
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
            // A null equals nothing; no key has an empty thumbprint.
            rotation.key.as_ref().map_or("", Thumbprint::as_str).into(),
            (rotation.delivery == TokenDelivery::Body).into(),
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
        .value(Column::TokenInBody, asked("column9"))
        .from(TableRef::ValuesList(rows.collect(), "asked".into_iden()))
        .and_where(own(Column::Id).eq(asked("column1")))
        // No further equalities: SQLite would take them for a reason to index what is asked, and to go through all sessions.
        .and_where(own(Column::Generation).ne(asked("column2")).not())
        .and_where(
            Expr::expr(Func::coalesce([own(Column::KeyThumbprint), Expr::value("")]))
                .ne(asked("column8"))
                .not(),
        )
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

/// Puts another key in the place of the one that the session is bound to, and makes its next generation. Not where the
/// session has ended, has gone on, is bound to another key, or is of an account whose password is another one by now.
pub async fn mark_key_replaced(db: &impl Executor, change: &KeyChange) -> Result<bool, StoreError> {
    let account = Query::select()
        .column(account::Column::Id)
        .from(account::Entity)
        .and_where(account::Column::Id.eq(change.account_id))
        .and_where(account::Column::PasswordHash.eq(change.checked.expose()))
        // Whoever changes the password waits, or has changed it before.
        .lock(LockType::Share)
        .to_owned();
    let changed = session::Entity::update_many()
        .col_expr(Column::Generation, Expr::col(Column::Generation).add(1))
        .col_expr(Column::KeyThumbprint, Expr::value(change.new.as_str()))
        .col_expr(Column::KeySource, Expr::value(KEY_SOURCE))
        .col_expr(Column::Remember, Expr::value(change.remember))
        .col_expr(Column::RotatedAt, Expr::value(change.rotated_at.as_millis()))
        .col_expr(Column::LastSeenAt, Expr::value(change.now.as_millis()))
        .col_expr(Column::IdleEndsAt, Expr::value(change.idle_ends_at.as_millis()))
        .col_expr(Column::UserAgent, Expr::value(change.client.user_agent.as_str()))
        .col_expr(Column::Ip, Expr::value(change.client.ip.as_str()))
        .filter(Column::Id.eq(change.session_id))
        .filter(Column::Generation.eq(signed(change.from)))
        .filter(Column::KeyThumbprint.eq(change.old.as_str()))
        .filter(unended(Some(change.account_id)))
        .filter(Column::AccountId.in_subquery(account))
        .exec(db)
        .await?;
    Ok(changed.rows_affected == 1)
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

/// A column of the session that is read or written.
pub fn own(column: Column) -> Expr {
    Expr::col((session::Entity, column))
}

/// Gives the session a generation before which no refresh token buys anything, and tells which.
pub async fn mark_superseded(
    db: &impl Executor,
    session_id: Uuid,
    now: Timestamp,
    rotated_at: Timestamp,
    idle_ends_at: Timestamp,
) -> Result<Option<Generation>, StoreError> {
    let next = || own(Column::Generation).add(1);
    let update = Query::update()
        .table(session::Entity)
        .value(Column::Generation, next())
        .value(Column::ValidFrom, next())
        .value(Column::RotatedAt, rotated_at.as_millis())
        .value(Column::LastSeenAt, now.as_millis())
        .value(Column::IdleEndsAt, idle_ends_at.as_millis())
        .and_where(own(Column::Id).eq(session_id))
        .and_where(own(Column::EndedAt).is_null())
        .returning_col(Column::Generation)
        .to_owned();
    let row = db.query_one(&update).await?;
    Ok(row.map(|row| row.try_get_by_index::<i64>(0)).transpose()?.map(|made| Generation(made.unsigned_abs())))
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

pub fn record(Row { session: row, cut_at, cut_reason }: Row) -> Record {
    Record {
        id: row.id,
        account_id: row.account_id,
        remember: row.remember,
        delivery: if row.token_in_body { TokenDelivery::Body } else { TokenDelivery::Cookie },
        client: Client { user_agent: row.user_agent, ip: row.ip },
        created_at: Timestamp::from_millis(row.created_at),
        last_seen_at: Timestamp::from_millis(row.last_seen_at),
        ended_at: row.ended_at.or(cut_at).map(Timestamp::from_millis),
        key: row.key_thumbprint.map(Thumbprint::from_stored),
        facts: Facts {
            generation: Generation(row.generation.unsigned_abs()),
            seen: u64::try_from(row.seen_generation).ok().map(Generation),
            valid_from: Generation(row.valid_from.unsigned_abs()),
            rotated_at: Timestamp::from_millis(row.rotated_at),
            idle_ends_at: Timestamp::from_millis(row.idle_ends_at),
            absolute_ends_at: Timestamp::from_millis(row.absolute_ends_at),
            ended: row.end_reason.or(cut_reason).as_deref().map(EndReason::named),
        },
    }
}

fn source(key: Option<&Thumbprint>) -> Option<&'static str> {
    key.map(|_| KEY_SOURCE)
}

/// Databases count with a sign.
fn signed(generation: Generation) -> i64 {
    i64::try_from(generation.0).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::plans::Explained;
    use crate::passwords::PasswordHash;

    const NOW: Timestamp = Timestamp::from_seconds(1);

    fn client() -> Client {
        Client { user_agent: "a test".to_owned(), ip: "192.0.2.1".to_owned() }
    }

    fn id(number: usize) -> Uuid {
        Uuid::from_u128(number as u128)
    }

    /// So many as may come together, and one alone.
    const TOGETHER: [usize; 4] = [1, 2, 8, 64];

    #[tokio::test]
    async fn no_session_is_looked_for_by_going_through_them_all_however_many_are_asked_for_together() {
        let db = Explained::make().await;
        for count in TOGETHER {
            let rotation = |number| Rotation {
                session_id: id(number),
                key: None,
                from: Generation::FIRST,
                now: NOW,
                rotated_at: NOW,
                idle_ends_at: NOW,
                client: client(),
                delivery: TokenDelivery::Cookie,
            };
            mark_rotated(&db, &(0..count).map(rotation).collect::<Vec<_>>()).await.unwrap();
            assert_eq!(db.scans(), [""; 0], "rotate {count}");
            let seen = |number| Seen { session_id: id(number), generation: Generation::FIRST, at: NOW };
            mark_seen(&db, &(0..count).map(seen).collect::<Vec<_>>()).await.unwrap();
            assert_eq!(db.scans(), [""; 0], "note the use of {count}");
            find_sessions(&db, (0..count).map(id).collect()).await.unwrap();
            assert_eq!(db.scans(), [""; 0], "find {count}");
            let sign_in = |number| SignIn {
                new: NewSession {
                    id: id(number),
                    account_id: id(number),
                    remember: true,
                    delivery: TokenDelivery::Cookie,
                    key: None,
                    client: client(),
                    now: NOW,
                    idle_ends_at: NOW,
                    absolute_ends_at: NOW,
                },
                checked: PasswordHash::from_stored("$".to_owned()),
            };
            insert_guarded(&db, &(0..count).map(sign_in).collect::<Vec<_>>()).await.unwrap();
            assert_eq!(db.scans(), [""; 0], "begin {count}");
        }
    }
}
