//! Conversion of database errors at startup to one-line messages that say what to do. The driver's message may repeat
//! the URL; the password is removed from it.

use super::error_hint;
use super::snapshot::sqlite_file;
use super::timeouts;
use crate::config::DatabaseUrl;
use sea_orm::{
    ConnAcquireErr, ConnectionTrait as _, DatabaseBackend, DatabaseConnection, DbErr, SqlxError, Statement,
};
use std::time::Duration;
use tokio::time::timeout;

/// A reason why the database cannot be used; the server does not start. It never contains a password.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No database responds at that address.
    #[error("database.url: no database answers there within {} s; start it, or name another", timeouts::ACQUIRE.as_secs())]
    Unreachable,
    /// The connection succeeds, but no statement gets a response.
    #[error(
        "database.url: connected, and no statement is answered within {} s: a pooler in between waits for its database, or \
         has too few connections to it (PgBouncer: default_pool_size, at least 2 with pool_mode = session)",
        timeouts::RESPONSE.as_secs()
    )]
    Silent,
    /// Another server uses the SQLite file, which allows only one.
    #[error(
        "database.url: another server uses {0}: stop it first, or give both a PostgreSQL, which servers can share"
    )]
    InUse(String),
    /// Another program has locked the file.
    #[error(
        "database.url: {0} is locked (with {0}-wal and {0}-shm): stop the other program that has it open; on a network \
         file system locks do not hold, so keep it on a local disk"
    )]
    Locked(String),
    /// The SQLite file does not exist.
    #[error("database.url: there is no database at {0}; `latchkey serve` makes it")]
    Missing(String),
    /// The tables are not of this version.
    #[error("database.url: the database is not of this version: {0}")]
    OtherVersion(String),
    /// The file cannot be locked, so it is unknown whether another server uses it.
    #[error(
        "database.url: {file} cannot be locked ({source}): keep it on a local disk, not on a network file system"
    )]
    Unlockable {
        /// Path of the file.
        file: String,
        /// The system's error.
        source: std::io::Error,
    },
    /// The certificate authorities' file that the URL names cannot be read.
    #[error("database.url: sslrootcert: cannot read {file}: {source}")]
    Authorities {
        /// Path of the file.
        file: String,
        /// The system's error.
        source: std::io::Error,
    },
    /// A pooler assigns another connection to each transaction or statement, and keeps no prepared statements.
    #[error(
        "database.url: a pooler changes the connection between two statements, and what was prepared is gone: set \
         pool_mode = session for this database, or let PgBouncer 1.21 or later keep prepared statements \
         (max_prepared_statements = 100 with pool_mode = transaction)"
    )]
    Pooler,
    /// The driver or the database reported an error.
    #[error("database.url: cannot open the database: {0}")]
    Refused(String),
}

/// Time limit of the privilege query after a migration was refused.
const PRIVILEGE_QUERY_TIMEOUT: Duration = Duration::from_secs(3);
/// PostgreSQL's codes for insufficient privilege (42501) and for no schema to create tables in (3F000).
const MISSING_PRIVILEGE: [&str; 2] = ["42501", "3F000"];

/// Converts an error from opening this database.
pub(super) fn from_db_error(url: &DatabaseUrl, error: &DbErr) -> ConnectError {
    to_connect_error(url, error, None)
}

/// Converts an error from a migration. A query to the database tells whether privileges are missing: its error message
/// may be in any language.
pub(super) async fn from_migration_error(
    connection: &DatabaseConnection,
    url: &DatabaseUrl,
    error: &DbErr,
) -> ConnectError {
    let lacks_privileges = error_hint::code(error).is_some_and(|code| MISSING_PRIVILEGE.contains(&&*code))
        && !matches!(
            timeout(PRIVILEGE_QUERY_TIMEOUT, can_create_tables(connection)).await,
            Ok(Ok(Some(true)))
        );
    to_connect_error(url, error, lacks_privileges.then(|| grant_hint(url)))
}

async fn can_create_tables(connection: &DatabaseConnection) -> Result<Option<bool>, DbErr> {
    const QUERY: &str =
        "SELECT has_schema_privilege('public', 'USAGE') AND has_schema_privilege('public', 'CREATE')";
    let statement = Statement::from_string(DatabaseBackend::Postgres, QUERY);
    connection.query_one_raw(statement).await?.map(|row| row.try_get_by_index(0)).transpose()
}

fn grant_hint(url: &DatabaseUrl) -> String {
    let role = url.user().unwrap_or_else(|| "ROLE".to_owned()).replace('"', "\"\"");
    format!("; let the owner of the database run: GRANT USAGE, CREATE ON SCHEMA public TO \"{role}\"")
}

fn to_connect_error(url: &DatabaseUrl, error: &DbErr, hint: Option<String>) -> ConnectError {
    let timed_out = matches!(error, DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))
        || matches!(error_hint::cause(error), Some(SqlxError::PoolTimedOut));
    let code = error_hint::code(error).unwrap_or_default();
    if let Some(file) = sqlite_file(url)
        && (timed_out || error_hint::is_lock(&code))
    {
        return ConnectError::Locked(file.display().to_string());
    }
    if timed_out {
        return ConnectError::Unreachable;
    }
    // PostgreSQL's messages sometimes have several lines.
    let message = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    let hint = hint.unwrap_or_else(|| hint_for(&code, &message).to_owned());
    // The hint is not redacted: a role whose name equals its password must stay readable in it.
    ConnectError::Refused(format!("{}{hint}", url.redacted(&message)))
}

fn hint_for(code: &str, message: &str) -> &'static str {
    match code {
        "28P01" | "28000" => "; in the URL, percent-encode what is no letter or digit in the password",
        "08P01" if message.contains("startup parameter") => {
            "; a pooler does not pass on what the URL says in `options`: take that out"
        }
        _ if message.contains("UnknownIssuer") => {
            "; the certificate is of an authority that this machine does not know: name the authority's file in the URL (sslrootcert=/FILE.pem), or add it to the system's store"
        }
        _ if message.contains("NotValidForName") || message.contains("not valid for name") => {
            "; the certificate is for another name than the URL's (sslmode=verify-full compares them)"
        }
        _ => "",
    }
}
