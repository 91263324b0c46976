//! Table for the ids (`kid`) of the keys that the servers of this database sign with.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::string;

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0002_known_keys"
    }
}

#[derive(DeriveIden)]
enum KnownKeys {
    Table,
    Kid,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// Requires a transaction on SQLite as well: a half-applied migration could not be run again.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table =
            Table::create().table(KnownKeys::Table).col(string(KnownKeys::Kid).primary_key()).to_owned();
        manager.create_table(table).await
    }
}
