//! Table for wrong tries, shared by the servers of this database and kept across restarts.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, uuid};

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0004_throttle"
    }
}

#[derive(DeriveIden)]
enum WrongTries {
    Table,
    Key,
    Wrong,
    LastAt,
    ForgivenAfter,
    WrittenAt,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// Requires a transaction on SQLite as well: a half-applied migration could not be run again.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(WrongTries::Table)
            // A digest of 16 bytes, which fits this type.
            .col(uuid(WrongTries::Key).primary_key())
            .col(big_integer(WrongTries::Wrong))
            .col(big_integer(WrongTries::LastAt))
            // Time in milliseconds after which one of them is forgiven.
            .col(big_integer(WrongTries::ForgivenAfter))
            .col(big_integer(WrongTries::WrittenAt))
            .to_owned();
        manager.create_table(table).await?;
        let index = Index::create()
            .name("wrong_tries_by_time")
            .table(WrongTries::Table)
            .col(WrongTries::WrittenAt)
            .to_owned();
        manager.create_index(index).await
    }
}
