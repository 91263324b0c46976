//! Database queries on accounts.

use super::account::{AccountRecord, email_key};
use super::lookups::LastSignIn;
use crate::db::entity::account::{ActiveModel, Column, Entity, Model};
use crate::db::{Executor, StoreError, values_column};
use latchkey_shared::{Account, ProfileChange, SignUp, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, IntoIden, Query, TableRef, ValueTuple};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, Select, TryInsertResult};
use uuid::Uuid;

/// Key by which an account is found.
pub enum AccountSelector {
    /// By its id.
    Id(Uuid),
    /// By its address, in the form of [`email_key`].
    EmailKey(String),
}

/// Inserts an account. Returns `None` if its address is taken.
pub async fn insert_account(
    db: &impl Executor,
    id: Uuid,
    sign_up: &SignUp,
    now: Timestamp,
) -> Result<Option<Account>, StoreError> {
    let row = Model {
        id,
        email: sign_up.email.to_string(),
        email_key: email_key(&sign_up.email),
        display_name: sign_up.display_name.to_string(),
        locale: sign_up.locale.tag().to_owned(),
        roles: "user".to_owned(),
        signed_in_at: now.as_millis(),
        created_at: now.as_millis(),
        updated_at: now.as_millis(),
        session_epoch: 0,
        deleted_at: None,
        // The first version; `authentication` counts from here.
        credential_version: 0,
    };
    let inserted = Entity::insert(ActiveModel::from(row.clone()).reset_all())
        .on_conflict_do_nothing_on([Column::EmailKey])
        .exec_without_returning(db)
        .await?;
    match inserted {
        TryInsertResult::Inserted(1) => Ok(Some(row.into())),
        _ => Ok(None),
    }
}

/// Returns the account, unless it is being deleted.
pub async fn find_account(
    db: &impl Executor,
    by: AccountSelector,
) -> Result<Option<AccountRecord>, StoreError> {
    let condition = match by {
        AccountSelector::Id(id) => Column::Id.eq(id),
        AccountSelector::EmailKey(key) => Column::EmailKey.eq(key),
    };
    Ok(not_deleted().filter(condition).one(db).await?.map(record))
}

/// Returns those of the accounts that exist.
pub async fn list_accounts(db: &impl Executor, ids: Vec<Uuid>) -> Result<Vec<Account>, StoreError> {
    let rows = not_deleted().filter(Column::Id.is_in(ids)).all(db).await?;
    Ok(rows.into_iter().map(Account::from).collect())
}

/// Writes the times of last sign-ins, except for accounts that already have a later one.
pub async fn mark_signed_in(db: &impl Executor, latest: &[LastSignIn]) -> Result<(), StoreError> {
    let rows =
        latest.iter().map(|latest| ValueTuple::Two(latest.account_id.into(), latest.at.as_millis().into()));
    let note = Query::update()
        .table(Entity)
        .value(Column::SignedInAt, values_column("column2"))
        .from(TableRef::ValuesList(rows.collect(), "batch".into_iden()))
        .and_where(Expr::col((Entity, Column::Id)).eq(values_column("column1")))
        .and_where(Expr::col((Entity, Column::SignedInAt)).lt(values_column("column2")))
        .to_owned();
    db.execute(&note).await?;
    Ok(())
}

/// Changes the given fields and returns the changed account; `None` if it does not exist.
pub async fn change_profile(
    db: &impl Executor,
    id: Uuid,
    change: &ProfileChange,
    now: Timestamp,
) -> Result<Option<Account>, StoreError> {
    let mut update = Entity::update_many()
        .col_expr(Column::UpdatedAt, Expr::value(now.as_millis()))
        .filter(Column::Id.eq(id))
        .filter(Column::DeletedAt.is_null());
    if let Some(name) = &change.display_name {
        update = update.col_expr(Column::DisplayName, Expr::value(name.as_str()));
    }
    if let Some(locale) = change.locale {
        update = update.col_expr(Column::Locale, Expr::value(locale.tag()));
    }
    let changed = update.exec_with_returning(db).await?;
    Ok(changed.into_iter().next().map(Account::from))
}

/// Deletes the account and all its data.
pub async fn delete_account(db: &impl Executor, id: Uuid) -> Result<(), StoreError> {
    Entity::delete_many().filter(Column::Id.eq(id)).exec(db).await?;
    Ok(())
}

/// Removes all personal data from the account and marks it as deleted: it is not found any more. Its rows are deleted
/// afterwards.
pub async fn mark_deleted(db: &impl Executor, id: Uuid, now: Timestamp) -> Result<(), StoreError> {
    // No address has a key of this form.
    let mut update = Entity::update_many()
        .col_expr(Column::EmailKey, Expr::value(format!("deleted:{id}")))
        .col_expr(Column::DeletedAt, Expr::value(now.as_millis()));
    for column in [Column::Email, Column::DisplayName, Column::Roles] {
        update = update.col_expr(column, Expr::value(""));
    }
    update.filter(Column::Id.eq(id)).exec(db).await?;
    Ok(())
}

/// Deletes an account that was marked as deleted and that nothing refers to any more.
pub async fn delete_tombstone(db: &impl Executor, id: Uuid) -> Result<(), StoreError> {
    Entity::delete_many().filter(Column::Id.eq(id)).filter(Column::DeletedAt.is_not_null()).exec(db).await?;
    Ok(())
}

/// Selects the accounts that are not marked as deleted.
fn not_deleted() -> Select<Entity> {
    Entity::find().filter(Column::DeletedAt.is_null())
}

fn record(row: Model) -> AccountRecord {
    AccountRecord {
        updated_at: Timestamp::from_millis(row.updated_at),
        signed_in_at: Timestamp::from_millis(row.signed_in_at),
        account: row.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::query_plan::ExplainExecutor;

    #[tokio::test]
    async fn no_account_is_looked_for_by_going_through_them_all_however_many_are_asked_for_together() {
        let db = ExplainExecutor::create().await;
        for count in [1, 2, 8, 64] {
            let ids = || (0..count).map(Uuid::from_u128);
            list_accounts(&db, ids().collect()).await.unwrap();
            assert_eq!(db.scans(), [""; 0], "find {count} by their ids");
            let latest = |account_id| LastSignIn { account_id, at: Timestamp::from_seconds(1) };
            mark_signed_in(&db, &ids().map(latest).collect::<Vec<_>>()).await.unwrap();
            assert_eq!(db.scans(), [""; 0], "note when {count} signed in");
        }
    }
}
