//! Database queries on credentials, and on the version that guards them.

use super::authenticated::CredentialVersion;
use super::password::PasswordCredential;
use crate::authentication::hashing::PasswordHash;
use crate::db::entity::{account, credential};
use crate::db::{Executor, StoreError};
use credential::{Column, Entity};
use latchkey_shared::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveModelTrait as _, ColumnTrait, EntityTrait, QueryFilter, SelectTwo, UpdateMany};
use uuid::Uuid;

/// Kind of a password credential.
const PASSWORD: &str = "password";

/// Returns the passwords of those accounts that exist and have one, with the keys of their addresses.
pub async fn list_passwords(
    db: &impl Executor,
    keys: Vec<String>,
) -> Result<Vec<(String, PasswordCredential)>, StoreError> {
    let rows = passwords().filter(account::Column::EmailKey.is_in(keys)).all(db).await?;
    let pair = |(row, account): (credential::Model, Option<account::Model>)| {
        let account = account?;
        Some((account.email_key.clone(), password(row, account)))
    };
    Ok(rows.into_iter().filter_map(pair).collect())
}

/// Returns the password of an account; `None` if there is no such account or it has none.
pub async fn find_password(
    db: &impl Executor,
    account_id: Uuid,
) -> Result<Option<PasswordCredential>, StoreError> {
    let row = passwords().filter(account::Column::Id.eq(account_id)).one(db).await?;
    Ok(row.and_then(|(row, account)| Some(password(row, account?))))
}

/// Inserts the password of a new account.
pub async fn insert_password(
    db: &impl Executor,
    id: Uuid,
    account_id: Uuid,
    hash: &PasswordHash,
    now: Timestamp,
) -> Result<(), StoreError> {
    let row = credential::Model {
        id,
        account_id,
        kind: PASSWORD.to_owned(),
        secret: hash.expose().to_owned(),
        created_at: now.as_millis(),
        last_used_at: None,
        name: None,
    };
    Entity::insert(credential::ActiveModel::from(row).reset_all()).exec_without_returning(db).await?;
    Ok(())
}

/// Opens the next version of the account's credentials if they still are at `version`; with `None`, whatever version
/// they are at. Returns false if they are not, or if the account is being deleted. Until the transaction completes
/// nobody can sign in.
pub async fn mark_version(
    db: &impl Executor,
    account_id: Uuid,
    version: Option<CredentialVersion>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let mut update = account::Entity::update_many()
        .col_expr(account::Column::CredentialVersion, Expr::col(account::Column::CredentialVersion).add(1))
        .col_expr(account::Column::UpdatedAt, Expr::value(now.as_millis()))
        .filter(account::Column::Id.eq(account_id))
        .filter(account::Column::DeletedAt.is_null());
    if let Some(CredentialVersion(version)) = version {
        update = update.filter(account::Column::CredentialVersion.eq(version));
    }
    Ok(update.exec(db).await?.rows_affected == 1)
}

/// Sets a new password. Its account must have been locked by [`mark_version`].
pub async fn mark_password(
    db: &impl Executor,
    account_id: Uuid,
    hash: &PasswordHash,
    now: Timestamp,
) -> Result<(), StoreError> {
    update_password(account_id)
        .col_expr(Column::Secret, Expr::value(hash.expose()))
        .col_expr(Column::CreatedAt, Expr::value(now.as_millis()))
        .exec(db)
        .await?;
    Ok(())
}

/// Replaces a hash by another one of the same password, if it still is there.
pub async fn mark_rehashed(
    db: &impl Executor,
    account_id: Uuid,
    old: &PasswordHash,
    new: &PasswordHash,
) -> Result<(), StoreError> {
    update_password(account_id)
        .col_expr(Column::Secret, Expr::value(new.expose()))
        .filter(Column::Secret.eq(old.expose()))
        .exec(db)
        .await?;
    Ok(())
}

/// Deletes every credential of an account.
pub async fn delete_credentials(db: &impl Executor, account_id: Uuid) -> Result<(), StoreError> {
    Entity::delete_many().filter(Column::AccountId.eq(account_id)).exec(db).await?;
    Ok(())
}

fn passwords() -> SelectTwo<Entity, account::Entity> {
    Entity::find()
        .find_also_related(account::Entity)
        .filter(Column::Kind.eq(PASSWORD))
        .filter(account::Column::DeletedAt.is_null())
}

fn update_password(account_id: Uuid) -> UpdateMany<Entity> {
    Entity::update_many().filter(Column::AccountId.eq(account_id)).filter(Column::Kind.eq(PASSWORD))
}

fn password(row: credential::Model, account: account::Model) -> PasswordCredential {
    PasswordCredential {
        version: CredentialVersion(account.credential_version),
        account: account.into(),
        hash: PasswordHash::from_stored(row.secret),
        changed_at: Timestamp::from_millis(row.created_at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::query_plan::ExplainExecutor;

    #[tokio::test]
    async fn no_password_is_looked_for_by_going_through_them_all_however_many_are_asked_for_together() {
        let db = ExplainExecutor::create().await;
        let (account_id, now) = (Uuid::from_u128(1), Timestamp::from_seconds(1));
        for count in [1, 2, 8, 64] {
            list_passwords(&db, (0..count).map(|number| number.to_string()).collect()).await.unwrap();
            assert_eq!(db.scans(), [""; 0], "find {count} by their addresses");
        }
        find_password(&db, account_id).await.unwrap();
        assert_eq!(db.scans(), [""; 0], "find one");
        mark_version(&db, account_id, Some(CredentialVersion::FIRST), now).await.unwrap();
        assert_eq!(db.scans(), [""; 0], "open a version");
        let hash = PasswordHash::from_stored("$".to_owned());
        mark_password(&db, account_id, &hash, now).await.unwrap();
        mark_rehashed(&db, account_id, &hash, &hash).await.unwrap();
        delete_credentials(&db, account_id).await.unwrap();
        assert_eq!(db.scans(), [""; 0], "change one");
    }
}
