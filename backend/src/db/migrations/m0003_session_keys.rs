//! Columns for the key that a session is bound to. Existing sessions have none and stay valid.

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
    /// JWK thumbprint (RFC 7638), in base64url.
    KeyThumbprint,
    /// Method by which the key was registered: `dpop`.
    KeySource,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// Requires a transaction on SQLite as well: a half-applied migration could not be run again.
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
