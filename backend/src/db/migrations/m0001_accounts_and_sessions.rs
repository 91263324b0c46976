//! Tables for accounts, their sessions, and recently ended sessions.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, string, string_null, text, uuid, uuid_uniq,
};

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0001_accounts_and_sessions"
    }
}

#[derive(DeriveIden)]
enum Accounts {
    Table,
    Id,
    Email,
    EmailKey,
    DisplayName,
    Locale,
    Roles,
    PasswordHash,
    PasswordChangedAt,
    SignedInAt,
    CreatedAt,
    UpdatedAt,
}

#[derive(DeriveIden)]
enum Sessions {
    Table,
    Id,
    AccountId,
    Generation,
    SeenGeneration,
    RotatedAt,
    Remember,
    UserAgent,
    Ip,
    CreatedAt,
    LastSeenAt,
    IdleEndsAt,
    AbsoluteEndsAt,
    EndedAt,
    EndReason,
}

#[derive(DeriveIden)]
enum EndedSessions {
    Table,
    SessionId,
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
        manager.create_table(accounts()).await?;
        manager.create_table(sessions()).await?;
        manager.create_index(index("sessions_of_account", Sessions::Table, Sessions::AccountId)).await?;
        manager.create_table(ended_sessions()).await?;
        manager
            .create_index(index("ended_sessions_by_time", EndedSessions::Table, EndedSessions::EndedAt))
            .await
    }
}

fn index(name: &str, table: impl IntoIden, column: impl IntoIden) -> IndexCreateStatement {
    Index::create().name(name).table(table.into_iden()).col(column.into_iden()).to_owned()
}

fn accounts() -> TableCreateStatement {
    Table::create()
        .table(Accounts::Table)
        .col(uuid(Accounts::Id).primary_key())
        .col(text(Accounts::Email))
        .col(string(Accounts::EmailKey).unique_key())
        .col(text(Accounts::DisplayName))
        .col(string(Accounts::Locale))
        .col(text(Accounts::Roles))
        .col(text(Accounts::PasswordHash))
        .col(big_integer(Accounts::PasswordChangedAt))
        .col(big_integer(Accounts::SignedInAt))
        .col(big_integer(Accounts::CreatedAt))
        .col(big_integer(Accounts::UpdatedAt))
        .to_owned()
}

fn sessions() -> TableCreateStatement {
    Table::create()
        .table(Sessions::Table)
        .col(uuid(Sessions::Id).primary_key())
        .col(uuid(Sessions::AccountId))
        .col(big_integer(Sessions::Generation))
        // The latest generation of which a token was seen in use; -1 until the first.
        .col(big_integer(Sessions::SeenGeneration).default(-1))
        .col(big_integer(Sessions::RotatedAt))
        .col(boolean(Sessions::Remember))
        .col(text(Sessions::UserAgent))
        .col(string(Sessions::Ip))
        .col(big_integer(Sessions::CreatedAt))
        .col(big_integer(Sessions::LastSeenAt))
        .col(big_integer(Sessions::IdleEndsAt))
        .col(big_integer(Sessions::AbsoluteEndsAt))
        .col(big_integer_null(Sessions::EndedAt))
        .col(string_null(Sessions::EndReason))
        .foreign_key(
            ForeignKey::create()
                .name("sessions_account")
                .from(Sessions::Table, Sessions::AccountId)
                .to(Accounts::Table, Accounts::Id)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned()
}

/// Returns the table of ended sessions. No foreign key: the servers must learn that a session ended even when its
/// account is deleted.
fn ended_sessions() -> TableCreateStatement {
    Table::create()
        .table(EndedSessions::Table)
        .col(uuid_uniq(EndedSessions::SessionId).primary_key())
        .col(string(EndedSessions::Reason))
        .col(big_integer(EndedSessions::EndedAt))
        .to_owned()
}
