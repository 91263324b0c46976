//! Wrong tries in the database.

use super::key::Key;
use super::news::News;
use crate::db::entity::wrong_try::{ActiveModel, Column, Entity, Model};
use crate::db::{Executor, StoreError};
use latchkey_shared::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

/// What is left of the tries that were counted before, by the time of the latest one; and the new ones.
const SUM: &str = "CASE WHEN excluded.last_at <= wrong_tries.last_at THEN wrong_tries.wrong \
    WHEN (excluded.last_at - wrong_tries.last_at) / excluded.forgiven_after >= wrong_tries.wrong THEN 0 \
    ELSE wrong_tries.wrong - (excluded.last_at - wrong_tries.last_at) / excluded.forgiven_after END + excluded.wrong";
const LATER: &str =
    "CASE WHEN excluded.last_at > wrong_tries.last_at THEN excluded.last_at ELSE wrong_tries.last_at END";

/// Wrong tries under one key.
pub struct Counted {
    /// The key.
    pub key: Key,
    /// How many, at the time of the last one.
    pub wrong: u32,
    /// When the last one was.
    pub last: Timestamp,
}

/// Adds what one server has counted to what all have counted.
pub async fn insert_news(db: &impl Executor, news: &[(Key, News)], now: Timestamp) -> Result<(), StoreError> {
    let rows = |starts_anew: bool| {
        let chosen = news.iter().filter(move |(_, news)| news.starts_anew == starts_anew);
        chosen.map(|(key, news)| row(*key, *news, now)).collect::<Vec<_>>()
    };
    let overwritten = OnConflict::column(Column::Key)
        .update_columns([Column::Wrong, Column::LastAt, Column::ForgivenAfter, Column::WrittenAt])
        .to_owned();
    let added = OnConflict::column(Column::Key)
        .value(Column::Wrong, Expr::cust(SUM))
        .value(Column::LastAt, Expr::cust(LATER))
        .update_columns([Column::ForgivenAfter, Column::WrittenAt])
        .to_owned();
    for (rows, on_conflict) in [(rows(true), overwritten), (rows(false), added)] {
        if !rows.is_empty() {
            Entity::insert_many(rows).on_conflict(on_conflict).exec_without_returning(db).await?;
        }
    }
    Ok(())
}

/// The counts that were written since, the latest first, and no more of them than `most`.
pub async fn list_counted(
    db: &impl Executor,
    since: Timestamp,
    most: u64,
) -> Result<Vec<Counted>, StoreError> {
    let rows = Entity::find()
        .filter(Column::WrittenAt.gt(since.as_millis()))
        .order_by_desc(Column::WrittenAt)
        .limit(most)
        .all(db)
        .await?;
    Ok(rows.iter().map(counted).collect())
}

/// Deletes the counts of which nothing is left at this time.
pub async fn delete_forgiven(db: &impl Executor, limit: Timestamp) -> Result<(), StoreError> {
    let over = Expr::col(Column::LastAt).add(Expr::col(Column::Wrong).mul(Expr::col(Column::ForgivenAfter)));
    Entity::delete_many().filter(over.lt(limit.as_millis())).exec(db).await?;
    Ok(())
}

fn row(key: Key, news: News, now: Timestamp) -> ActiveModel {
    let forgiven_after = i64::try_from(news.forgiven_after.as_millis()).unwrap_or(i64::MAX);
    let row = Model {
        key: Uuid::from_bytes(key),
        wrong: news.wrong.into(),
        last_at: news.last.as_millis(),
        forgiven_after: Ord::max(forgiven_after, 1),
        written_at: now.as_millis(),
    };
    ActiveModel::from(row).reset_all()
}

fn counted(row: &Model) -> Counted {
    Counted {
        key: row.key.into_bytes(),
        wrong: u32::try_from(row.wrong).unwrap_or(u32::MAX),
        last: Timestamp::from_millis(row.last_at),
    }
}
