//! Storage of failed attempts in the database.

use super::counter_key::CounterKey;
use super::pending_changes::CounterChanges;
use crate::db::entity::wrong_try::{ActiveModel, Column, Entity, Model};
use crate::db::{Executor, StoreError};
use latchkey_shared::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

/// SQL: what is left of the stored count at the time of the later attempt, plus the new failures.
const SUM: &str = "CASE WHEN excluded.last_at <= wrong_tries.last_at THEN wrong_tries.wrong \
    WHEN (excluded.last_at - wrong_tries.last_at) / excluded.forgiven_after >= wrong_tries.wrong THEN 0 \
    ELSE wrong_tries.wrong - (excluded.last_at - wrong_tries.last_at) / excluded.forgiven_after END + excluded.wrong";
const LATER: &str =
    "CASE WHEN excluded.last_at > wrong_tries.last_at THEN excluded.last_at ELSE wrong_tries.last_at END";

/// Stored count of failed attempts under one key.
pub struct StoredCounter {
    /// The key.
    pub key: CounterKey,
    /// Number of failures at the time of the last one.
    pub wrong: u32,
    /// Time of the last failure.
    pub last: Timestamp,
}

/// Adds the changes of one server, all of one kind, to the shared counts. Times are by the database's clock.
pub async fn insert_changes(
    db: &impl Executor,
    changes: &[(CounterKey, CounterChanges)],
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some((_, CounterChanges { resets, limit, .. })) = changes.first() else { return Ok(()) };
    let mut on_conflict = OnConflict::column(Column::Key);
    on_conflict.update_columns([Column::ForgivenAfter, Column::WrittenAt]);
    if *resets {
        on_conflict.update_columns([Column::Wrong, Column::LastAt]);
    } else {
        // A higher count would change nothing but the time until it is forgiven.
        let most = limit.max_wrong();
        let bounded = format!("CASE WHEN {SUM} > {most} THEN {most} ELSE {SUM} END");
        on_conflict.value(Column::Wrong, Expr::cust(bounded)).value(Column::LastAt, Expr::cust(LATER));
    }
    let rows = changes.iter().map(|(key, changes)| row(*key, *changes, now));
    Entity::insert_many(rows).on_conflict(on_conflict).exec_without_returning(db).await?;
    Ok(())
}

/// Returns the counts that were written after `since`, the latest first, and at most `most` of them.
pub async fn list_counters(
    db: &impl Executor,
    since: Timestamp,
    most: u64,
) -> Result<Vec<StoredCounter>, StoreError> {
    let rows = Entity::find()
        .filter(Column::WrittenAt.gt(since.as_millis()))
        .order_by_desc(Column::WrittenAt)
        .limit(most)
        .all(db)
        .await?;
    Ok(rows.iter().map(stored_counter).collect())
}

/// Deletes the counts that were completely forgiven before `limit`.
pub async fn delete_forgiven(db: &impl Executor, limit: Timestamp) -> Result<(), StoreError> {
    let over = Expr::col(Column::LastAt).add(Expr::col(Column::Wrong).mul(Expr::col(Column::ForgivenAfter)));
    Entity::delete_many().filter(over.lt(limit.as_millis())).exec(db).await?;
    Ok(())
}

fn row(key: CounterKey, changes: CounterChanges, now: Timestamp) -> ActiveModel {
    let forgiven_after = i64::try_from(changes.limit.forgiven_after().as_millis()).unwrap_or(i64::MAX);
    let row = Model {
        key: Uuid::from_bytes(key),
        wrong: Ord::min(changes.wrong, changes.limit.max_wrong()).into(),
        last_at: changes.last.as_millis(),
        forgiven_after: Ord::max(forgiven_after, 1),
        written_at: now.as_millis(),
    };
    ActiveModel::from(row).reset_all()
}

fn stored_counter(row: &Model) -> StoredCounter {
    StoredCounter {
        key: row.key.into_bytes(),
        wrong: u32::try_from(row.wrong).unwrap_or(u32::MAX),
        last: Timestamp::from_millis(row.last_at),
    }
}
