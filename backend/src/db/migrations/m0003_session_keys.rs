//! The key that a session is bound to. Sessions that there are have none, and go on as before.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::string_null;

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0003_session_keys"
    }
}

#[derive(DeriveIden)]
enum Sessions {
    Table,
    /// RFC 7638, in base64url.
    KeyThumbprint,
    /// How the key was registered: `dpop`.
    KeySource,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// All of it or nothing, on SQLite as well: what is made by half could not be made again.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one column at a time.
        for column in [Sessions::KeyThumbprint, Sessions::KeySource] {
            let change = Table::alter().table(Sessions::Table).add_column(string_null(column)).to_owned();
            manager.alter_table(change).await?;
        }
        Ok(())
    }
}
