//! Conversion of database errors at startup to one-line messages that say what to do. The driver's message may repeat
//! the URL; the password is removed from it.

use super::connect::ConnectError;
use super::error_hint;
use super::snapshot::sqlite_file;
use crate::config::DatabaseUrl;
use sea_orm::{
    ConnAcquireErr, ConnectionTrait as _, DatabaseBackend, DatabaseConnection, DbErr, SqlxError, Statement,
};
use std::time::Duration;
use tokio::time::timeout;

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
