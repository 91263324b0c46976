//! Bulk endings of sessions: cutoffs, their epochs, and an index that lists an account's sessions in pages. Also, for a
//! change of password, a session's lowest generation whose refresh token is accepted.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, boolean, string, uuid};

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0005_session_cutoffs"
    }
}

#[derive(DeriveIden)]
enum Accounts {
    Table,
    SessionEpoch,
    DeletedAt,
}

#[derive(DeriveIden)]
enum Sessions {
    Table,
    Id,
    AccountId,
    EndedAt,
    Epoch,
    ValidFrom,
    TokenInBody,
}

#[derive(DeriveIden)]
enum SessionCutoffs {
    Table,
    AccountId,
    Epoch,
    Reason,
    EndedAt,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// Requires a transaction on SQLite as well: a half-applied migration could not be run again.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            big_integer(Sessions::Epoch).default(0).to_owned(),
            // The lowest generation whose refresh token is accepted.
            big_integer(Sessions::ValidFrom).default(0).to_owned(),
            boolean(Sessions::TokenInBody).default(false).to_owned(),
        ] {
            manager.alter_table(Table::alter().table(Sessions::Table).add_column(column).to_owned()).await?;
        }
        for column in [
            big_integer(Accounts::SessionEpoch).default(0).to_owned(),
            // Set while the rows of a deleted account are being deleted.
            big_integer_null(Accounts::DeletedAt).to_owned(),
        ] {
            manager.alter_table(Table::alter().table(Accounts::Table).add_column(column).to_owned()).await?;
        }
        manager.create_table(session_cutoffs()).await?;
        // It begins with the same column as the old one, which is no longer needed. Its columns do not change while a
        // session lives, so a refresh does not write it.
        let by_end = Index::create()
            .name("sessions_by_end")
            .table(Sessions::Table)
            .col(Sessions::AccountId)
            .col(Sessions::EndedAt)
            .col(Sessions::Id)
            .to_owned();
        manager.create_index(by_end).await?;
        let old = Index::drop().name("sessions_of_account").table(Sessions::Table).to_owned();
        manager.drop_index(old).await
    }
}

/// Returns the table of cutoffs. No foreign key: the servers must learn that sessions ended even when their account is
/// deleted.
fn session_cutoffs() -> TableCreateStatement {
    Table::create()
        .table(SessionCutoffs::Table)
        .col(uuid(SessionCutoffs::AccountId))
        .col(big_integer(SessionCutoffs::Epoch))
        .col(string(SessionCutoffs::Reason))
        .col(big_integer(SessionCutoffs::EndedAt))
        .primary_key(Index::create().col(SessionCutoffs::AccountId).col(SessionCutoffs::Epoch))
        .to_owned()
}
