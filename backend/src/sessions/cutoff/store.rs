//! Database queries on cutoffs.

use super::super::revoke::{SessionSelector, mark_rows_revoked};
use super::Cutoff;
use crate::db::entity::session_cutoff::{ActiveModel, Column, Entity, Model};
use crate::db::entity::{account, session};
use crate::db::{Executor, StoreError};
use latchkey_shared::{EndReason, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
};
use uuid::Uuid;

const BATCH_SIZE: u64 = super::super::store::BATCH_SIZE as u64;

/// Starts the account's next epoch and moves the sessions that stay into it: all others have ended. Requires a
/// transaction.
pub async fn insert_cutoff(
    db: &impl Executor,
    account_id: Uuid,
    selector: SessionSelector,
    reason: EndReason,
    now: Timestamp,
) -> Result<(), StoreError> {
    let exempt = match selector.exempt() {
        None => Vec::new(),
        Some(exempt) => ids(account_id).filter(exempt).into_tuple::<Uuid>().all(db).await?,
    };
    let opened = Query::update()
        .table(account::Entity)
        .value(account::Column::SessionEpoch, Expr::col(account::Column::SessionEpoch).add(1))
        .and_where(Expr::col(account::Column::Id).eq(account_id))
        .returning_col(account::Column::SessionEpoch)
        .to_owned();
    let Some(opened) = db.query_one(&opened).await? else { return Ok(()) };
    let epoch: i64 = opened.try_get_by_index(0)?;
    for exempt in exempt.chunks(super::super::store::BATCH_SIZE) {
        session::Entity::update_many()
            .col_expr(session::Column::Epoch, Expr::value(epoch))
            .filter(session::Column::Id.is_in(exempt.to_vec()))
            .exec(db)
            .await?;
    }
    let row = ActiveModel {
        account_id: Set(account_id),
        epoch: Set(epoch),
        reason: Set(reason.to_string()),
        ended_at: Set(now.as_millis()),
    };
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// Returns every stored cutoff, those of an account in the order of their epochs.
pub async fn list_cutoffs(db: &impl Executor) -> Result<Vec<Cutoff>, StoreError> {
    let rows = Entity::find().order_by_asc(Column::AccountId).order_by_asc(Column::Epoch).all(db).await?;
    Ok(rows.iter().map(cutoff).collect())
}

/// Writes the end to a batch of the rows that the cutoff has ended and returns their number.
pub async fn mark_cutoff_rows(db: &impl Executor, cutoff: &Cutoff) -> Result<usize, StoreError> {
    let passed = ids(cutoff.account_id)
        .filter(session::Column::EndedAt.is_null())
        .filter(session::Column::Epoch.lt(cutoff.epoch));
    Ok(mark_rows_revoked(db, passed, cutoff.reason, cutoff.at).await?.len())
}

/// Deletes a batch of the account's sessions. Returns whether there may be more.
pub async fn delete_batch(db: &impl Executor, account_id: Uuid) -> Result<bool, StoreError> {
    let batch = ids(account_id).limit(BATCH_SIZE).into_query();
    let deleted =
        session::Entity::delete_many().filter(session::Column::Id.in_subquery(batch)).exec(db).await?;
    Ok(deleted.rows_affected == BATCH_SIZE)
}

/// Deletes a cutoff that has been written to every row.
pub async fn delete_cutoff(db: &impl Executor, cutoff: &Cutoff) -> Result<(), StoreError> {
    Entity::delete_by_id((cutoff.account_id, cutoff.epoch)).exec(db).await?;
    Ok(())
}

fn ids(account_id: Uuid) -> Select<session::Entity> {
    session::Entity::find()
        .select_only()
        .column(session::Column::Id)
        .filter(session::Column::AccountId.eq(account_id))
}

fn cutoff(row: &Model) -> Cutoff {
    Cutoff {
        account_id: row.account_id,
        epoch: row.epoch,
        reason: EndReason::from_name(&row.reason),
        at: Timestamp::from_millis(row.ended_at),
    }
}
