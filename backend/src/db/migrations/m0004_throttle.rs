//! Wrong tries that the servers of this database tell each other of, and remember over a restart.

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
    /// All of it or nothing, on SQLite as well: what is made by half could not be made again.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(WrongTries::Table)
            // A digest of 16 bytes, which fit this type.
            .col(uuid(WrongTries::Key).primary_key())
            .col(big_integer(WrongTries::Wrong))
            .col(big_integer(WrongTries::LastAt))
            // How long it takes, in milliseconds, until one of them is forgiven.
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
