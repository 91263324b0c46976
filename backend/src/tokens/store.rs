//! The names of keys in the database.

use crate::db::entity::known_key::{ActiveModel, Entity};
use crate::db::{Executor, StoreError};
use sea_orm::{ActiveValue::Set, EntityTrait};

/// The names that were written down last.
pub async fn list_kids(db: &impl Executor) -> Result<Vec<String>, StoreError> {
    Ok(Entity::find().all(db).await?.into_iter().map(|row| row.kid).collect())
}

/// Forgets every name. Belongs in a transaction with what is written instead.
pub async fn delete_kids(db: &impl Executor) -> Result<(), StoreError> {
    Entity::delete_many().exec(db).await?;
    Ok(())
}

/// Writes names down.
pub async fn insert_kids(db: &impl Executor, kids: &[String]) -> Result<(), StoreError> {
    let rows = kids.iter().map(|kid| ActiveModel { kid: Set(kid.clone()) });
    Entity::insert_many(rows).on_conflict_do_nothing().exec_without_returning(db).await?;
    Ok(())
}
