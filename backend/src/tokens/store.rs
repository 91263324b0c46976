//! Storage of key ids in the database.

use crate::db::entity::known_key::{ActiveModel, Entity};
use crate::db::{Executor, StoreError};
use sea_orm::{ActiveValue::Set, EntityTrait};

/// Returns the key ids that were recorded last.
pub async fn list_kids(db: &impl Executor) -> Result<Vec<String>, StoreError> {
    Ok(Entity::find().all(db).await?.into_iter().map(|row| row.kid).collect())
}

/// Deletes all key ids. Must run in one transaction with the insertion of the new ones.
pub async fn delete_kids(db: &impl Executor) -> Result<(), StoreError> {
    Entity::delete_many().exec(db).await?;
    Ok(())
}

/// Inserts key ids; those that exist already are left as they are.
pub async fn insert_kids(db: &impl Executor, kids: &[String]) -> Result<(), StoreError> {
    let rows = kids.iter().map(|kid| ActiveModel { kid: Set(kid.clone()) });
    Entity::insert_many(rows).on_conflict_do_nothing().exec_without_returning(db).await?;
    Ok(())
}
