//! Opens the database and brings its tables up to date.

use super::Database;
use super::bounded::{self, Bounded, Limit};
use super::kept::Kept;
use super::migrations::Migrator;
use super::turn::Turns;
use crate::config::DatabaseUrl;
use crate::platform::{FolderError, Hold};
use sea_orm::sqlx::Connection as _;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnAcquireErr, ConnectOptions, ConnectionTrait, DatabaseConnection, DbErr, RuntimeErr, SqlxError,
    TransactionTrait,
};
use sea_orm_migration::MigratorTrait;
use std::fs::File;
use std::os::unix::fs::OpenOptionsExt as _;
use std::time::Duration;

/// The database cannot be used; the server does not start.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Nobody answers there.
    #[error("database.url: no database answers there within {} s; start it, or name another", ACQUIRE_TIMEOUT.as_secs())]
    Unreachable,
    /// SQLite is for one server.
    #[error(
        "database.url: another server uses {0}: stop it first, or give both a PostgreSQL, which servers can share"
    )]
    InUse(String),
    /// Nobody can tell whether another server uses the file.
    #[error(
        "database.url: {file} cannot be locked ({source}): keep it on a local disk, not on a network file system"
    )]
    Unlockable {
        /// Which file.
        file: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The driver or the database says no.
    #[error("database.url: cannot open the database: {0}")]
    Refused(DbErr),
}

/// How long a call waits for a connection before it is answered 500.
pub(super) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// How long SQLite waits for another program that writes.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Any number that all servers of one database agree on.
const MIGRATION_LOCK: i64 = 0x004C_6174_6368_6B65;

impl Database {
    /// Opens the database, making the SQLite file if there is none, and runs the migrations that are missing.
    pub async fn open(url: &DatabaseUrl) -> Result<Self, ConnectError> {
        if url.is_sqlite() {
            make_private_file(url.expose()).map_err(|source| ConnectError::Refused(DbErr::Custom(source)))?;
        }
        let mut options = options(url);
        let doubt = if url.is_sqlite() {
            None
        } else {
            // Migrations take as long as they take: they have connections of their own.
            let unbounded = sea_orm::Database::connect(options.clone()).await?;
            migrate(&unbounded).await?;
            unbounded.close().await?;
            Some(bounded::bound(&mut options))
        };
        let connection = sea_orm::Database::connect(options).await?;
        if url.is_sqlite() {
            migrate(&connection).await?;
        }
        let (turns, limit) = (Turns::on(&connection), Limit(doubt));
        Ok(Self { connection: Bounded { on: Kept::beside(connection), limit }, turns })
    }
}

fn options(url: &DatabaseUrl) -> ConnectOptions {
    let mut options = ConnectOptions::new(url.expose());
    options.acquire_timeout(ACQUIRE_TIMEOUT).connect_timeout(ACQUIRE_TIMEOUT).sqlx_logging(false);
    if url.is_sqlite() {
        // SQLite has one writer at a time; more connections only help those that read.
        options.max_connections(8).min_connections(1).map_sqlx_sqlite_opts(|sqlite| {
            sqlite
                .create_if_missing(true)
                .foreign_keys(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .busy_timeout(BUSY_TIMEOUT)
        });
        // A file is there or not: nobody has to ask first whether it answers.
        options.test_before_acquire(false).map_sqlx_sqlite_before_acquire(|connection, _| {
            Box::pin(std::future::ready(Ok(is_at_rest(connection))))
        });
    } else {
        options.max_connections(16).min_connections(1).set_application_name("latchkey");
    }
    options
}

/// Whether the last transaction on this connection is over. After a commit that failed the driver goes on counting: what
/// came next would be a part of a transaction that nobody commits, answered as if it were on the disk. The pool closes
/// such a connection and opens another.
fn is_at_rest(connection: &SqliteConnection) -> bool {
    !connection.is_in_transaction()
}

/// Makes the file for its owner's eyes alone, wherever it lies; SQLite gives the files beside it the same mode. None where
/// the database is in memory.
fn make_private_file(url: &str) -> Result<Option<(File, String)>, String> {
    let file =
        url.parse::<SqliteConnectOptions>().map_err(|error| error.to_string())?.get_filename().to_owned();
    if url.contains(":memory:") || url.contains("mode=memory") {
        return Ok(None);
    }
    let mut options = std::fs::OpenOptions::new();
    let made = options.append(true).create(true).mode(0o600).open(&file);
    let name = file.display().to_string();
    made.map(|made| Some((made, name.clone()))).map_err(|error| format!("{name}: {error}"))
}

/// Holds an SQLite file for one server alone; the system lets it go when the server ends, however that ends. By the file
/// and not by its name: a link leads to the same one.
pub fn hold(url: &DatabaseUrl) -> Result<Option<Hold>, ConnectError> {
    if !url.is_sqlite() {
        return Ok(None);
    }
    let made =
        make_private_file(url.expose()).map_err(|source| ConnectError::Refused(DbErr::Custom(source)))?;
    let Some((made, file)) = made else { return Ok(None) };
    Hold::on(made).map(Some).map_err(|error| match error {
        FolderError::InUse => ConnectError::InUse(file),
        FolderError::System(source) => ConnectError::Unlockable { file, source },
    })
}

/// Servers that start at the same moment take turns: the first one migrates, the others find nothing left to do.
async fn migrate(connection: &DatabaseConnection) -> Result<(), DbErr> {
    if connection.get_database_backend() != sea_orm::DatabaseBackend::Postgres {
        return Migrator::up(connection, None).await;
    }
    let turn = connection.begin().await?;
    turn.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")).await?;
    Migrator::up(connection, None).await?;
    turn.commit().await
}

impl From<DbErr> for ConnectError {
    fn from(error: DbErr) -> Self {
        match error {
            DbErr::ConnectionAcquire(ConnAcquireErr::Timeout) => Self::Unreachable,
            DbErr::Conn(RuntimeErr::SqlxError(ref cause)) if matches!(**cause, SqlxError::PoolTimedOut) => {
                Self::Unreachable
            }
            error => Self::Refused(error),
        }
    }
}
