//! Table of credentials, to which the password hashes move, and the account's credential version, which guards session
//! starts. Also, for each session, when and by which methods the person authenticated, and the OAuth client.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, string, string_null, text, uuid};

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0006_credentials"
    }
}

#[derive(DeriveIden)]
enum Accounts {
    Table,
    Id,
    CredentialVersion,
    PasswordHash,
    PasswordChangedAt,
}

#[derive(DeriveIden)]
enum Credentials {
    Table,
    Id,
    AccountId,
    Kind,
    Secret,
    CreatedAt,
    LastUsedAt,
    Name,
}

#[derive(DeriveIden)]
enum Sessions {
    Table,
    AuthenticatedAt,
    Methods,
    ClientId,
}

/// An account has at most one password. Partial indexes are the same SQL on both databases.
const ONE_PASSWORD: &str =
    "CREATE UNIQUE INDEX credentials_one_password ON credentials (account_id) WHERE kind = 'password'";

/// An account's id is unused among the credentials' ids, so it can be the id of its password. An account that is being
/// deleted has none.
const MOVE_HASHES: &str = "INSERT INTO credentials (id, account_id, kind, secret, created_at) \
     SELECT id, id, 'password', password_hash, password_changed_at FROM accounts WHERE deleted_at IS NULL";

const DATE_AUTHENTICATIONS: &str = "UPDATE sessions SET authenticated_at = created_at";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// Requires a transaction on SQLite as well: a half-applied migration could not be run again.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        manager.create_table(credentials()).await?;
        let of_account = Index::create()
            .name("credentials_of_account")
            .table(Credentials::Table)
            .col(Credentials::AccountId)
            .to_owned();
        manager.create_index(of_account).await?;
        db.execute_unprepared(ONE_PASSWORD).await?;
        db.execute_unprepared(MOVE_HASHES).await?;
        let accounts = || Table::alter().table(Accounts::Table).to_owned();
        let version = big_integer(Accounts::CredentialVersion).default(0).to_owned();
        manager.alter_table(accounts().add_column(version).to_owned()).await?;
        for column in [Accounts::PasswordHash, Accounts::PasswordChangedAt] {
            manager.alter_table(accounts().drop_column(column).to_owned()).await?;
        }
        for column in [
            big_integer(Sessions::AuthenticatedAt).default(0).to_owned(),
            // RFC 8176 values, separated by spaces.
            string(Sessions::Methods).default("pwd").to_owned(),
            string_null(Sessions::ClientId).to_owned(),
        ] {
            manager.alter_table(Table::alter().table(Sessions::Table).add_column(column).to_owned()).await?;
        }
        db.execute_unprepared(DATE_AUTHENTICATIONS).await?;
        Ok(())
    }
}

fn credentials() -> TableCreateStatement {
    Table::create()
        .table(Credentials::Table)
        .col(uuid(Credentials::Id).primary_key())
        .col(uuid(Credentials::AccountId))
        .col(string(Credentials::Kind))
        // The secret or the public part, in the form of its kind.
        .col(text(Credentials::Secret))
        .col(big_integer(Credentials::CreatedAt))
        .col(big_integer_null(Credentials::LastUsedAt))
        .col(string_null(Credentials::Name))
        .foreign_key(
            ForeignKey::create()
                .name("credentials_account")
                .from(Credentials::Table, Credentials::AccountId)
                .to(Accounts::Table, Accounts::Id)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned()
}
