//! Why a database cannot be opened, in one line that says what to do. What the driver says may repeat the URL, and is told
//! without the password.

use super::connect::ConnectError;
use super::snapshot::sqlite_file;
use crate::config::DatabaseUrl;
use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr, SqlxError};

/// What a failure to open this database means.
pub(super) fn of(url: &DatabaseUrl, error: &DbErr) -> ConnectError {
    let cause = cause(error);
    let timed_out = matches!(error, DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))
        || matches!(cause, Some(SqlxError::PoolTimedOut));
    let code = cause.and_then(|cause| cause.as_database_error()?.code()).unwrap_or_default();
    if let Some(file) = sqlite_file(url)
        && (timed_out || is_lock(&code))
    {
        return ConnectError::Locked(file.display().to_string());
    }
    if timed_out {
        return ConnectError::Unreachable;
    }
    // PostgreSQL explains itself in several lines now and then.
    let told = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    ConnectError::Refused(url.redacted(&format!("{told}{}", advice(url, &code, &told))))
}

fn cause(error: &DbErr) -> Option<&SqlxError> {
    let (DbErr::Conn(cause) | DbErr::Exec(cause) | DbErr::Query(cause)) = error else { return None };
    let RuntimeErr::SqlxError(cause) = cause else { return None };
    Some(cause)
}

/// SQLite's codes for a file that somebody else has locked, and for locks that the file system does not carry.
fn is_lock(code: &str) -> bool {
    const LOCKS_OF_THE_SYSTEM: [u32; 4] = [3850, 4618, 5130, 5386];
    code.parse::<u32>()
        .is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 15) || LOCKS_OF_THE_SYSTEM.contains(&code))
}

fn advice(url: &DatabaseUrl, code: &str, told: &str) -> String {
    let words = match code {
        "42501" | "3F000" if told.contains("schema") => {
            let role = url.user().unwrap_or_else(|| "ROLE".to_owned()).replace('"', "\"\"");
            return format!(
                "; let the owner of the database run: GRANT USAGE, CREATE ON SCHEMA public TO \"{role}\""
            );
        }
        "28P01" | "28000" => "; in the URL, percent-encode what is no letter or digit in the password",
        "08P01" if told.contains("startup parameter") => {
            "; a pooler does not pass on what the URL says in `options`: take that out"
        }
        _ if told.contains("UnknownIssuer") => {
            "; the certificate is of an authority that this machine does not know: name the authority's file in the URL (sslrootcert=/FILE.pem), or add it to the system's store"
        }
        _ if told.contains("NotValidForName") || told.contains("not valid for name") => {
            "; the certificate is for another name than the URL's (sslmode=verify-full compares them)"
        }
        _ => "",
    };
    words.to_owned()
}
