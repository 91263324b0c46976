//! Opening of the database, and its migrations.

use super::connect_error::{self, ConnectError};
use super::connection_cache::ConnectionCache;
use super::database::Database;
use super::migrations::Migrator;
use super::snapshot::sqlite_file;
use super::statement_timeout::{self, HealthCheck, StatementTimeout, WithTimeout};
use super::write_lock::WriteLock;
use super::{pooler, timeouts, tls};
use crate::config::DatabaseUrl;
use crate::platform::{FileLock, LockError};
use sea_orm::sqlx::Connection as _;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseBackend, DatabaseConnection, DbErr, IsolationLevel,
    TransactionTrait,
};
use sea_orm_migration::MigratorTrait;
use std::fs::File;
use std::os::unix::fs::OpenOptionsExt as _;

/// Key of the advisory lock for migrations: an arbitrary number, the same for all servers of one database.
const MIGRATION_LOCK: i64 = 0x004C_6174_6368_6B65;

impl Database {
    /// Opens the database, creates the SQLite file if there is none, and runs the pending migrations.
    pub async fn open(url: &DatabaseUrl) -> Result<Self, ConnectError> {
        if url.is_sqlite() {
            make_private_file(url.expose()).map_err(ConnectError::Refused)?;
        }
        let refused = |error| connect_error::from_db_error(url, &error);
        let mut options = options(url)?;
        let health_check = if url.is_sqlite() {
            None
        } else {
            // Migrations have no time limit, so they get connections of their own.
            let migration_connection = sea_orm::Database::connect(options.clone()).await.map_err(refused)?;
            pooler::require_prepared_statements(&migration_connection, url).await?;
            if let Err(error) = migrate(&migration_connection).await {
                return Err(connect_error::from_migration_error(&migration_connection, url, &error).await);
            }
            migration_connection.close().await.map_err(refused)?;
            Some(statement_timeout::install_timeouts(&mut options))
        };
        let connection = sea_orm::Database::connect(options).await.map_err(refused)?;
        if url.is_sqlite() {
            migrate(&connection).await.map_err(refused)?;
        }
        Ok(Self::from_connection(connection, health_check))
    }

    /// Opens a database that servers may be using, without creating or migrating it.
    pub async fn open_existing(url: &DatabaseUrl) -> Result<Self, ConnectError> {
        if let Some(file) = sqlite_file(url)
            && !file.is_file()
        {
            return Err(ConnectError::Missing(file.display().to_string()));
        }
        let mut options = options(url)?;
        let health_check = (!url.is_sqlite()).then(|| statement_timeout::install_timeouts(&mut options));
        options.max_connections(2);
        let connection = sea_orm::Database::connect(options)
            .await
            .map_err(|error| connect_error::from_db_error(url, &error))?;
        let pending = Migrator::get_pending_migrations_read_only(&connection).await;
        let pending =
            pending.map_err(|error| ConnectError::OtherVersion(url.redacted(&error.to_string())))?;
        if let Some(next) = pending.first() {
            let next = format!("it lacks {}; start the server of this version first", next.name());
            return Err(ConnectError::OtherVersion(next));
        }
        Ok(Self::from_connection(connection, health_check))
    }

    fn from_connection(connection: DatabaseConnection, health_check: Option<HealthCheck>) -> Self {
        let (write_lock, timeout) = (WriteLock::new(&connection), StatementTimeout(health_check));
        Self { connection: WithTimeout { inner: ConnectionCache::new(connection), timeout }, write_lock }
    }
}

fn options(url: &DatabaseUrl) -> Result<ConnectOptions, ConnectError> {
    let mut options = ConnectOptions::new(url.expose());
    options.acquire_timeout(timeouts::ACQUIRE).connect_timeout(timeouts::ACQUIRE).sqlx_logging(false);
    if url.is_sqlite() {
        // SQLite has one writer at a time; more connections only help readers.
        options.max_connections(8).min_connections(1).map_sqlx_sqlite_opts(|sqlite| {
            sqlite
                .create_if_missing(true)
                .foreign_keys(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .busy_timeout(timeouts::BUSY)
        });
        // A file needs no check that it still responds.
        options.test_before_acquire(false).map_sqlx_sqlite_before_acquire(|connection, _| {
            Box::pin(std::future::ready(Ok(is_outside_transaction(connection))))
        });
    } else {
        options.max_connections(16).min_connections(1).set_application_name("latchkey");
        let authorities = tls::authorities(url)?;
        options.map_sqlx_postgres_opts(move |postgres| {
            // Poolers do not support this setting, and no floating-point values are used.
            let postgres = postgres.extra_float_digits(None);
            match &authorities {
                Some(authorities) => postgres.ssl_root_cert_from_pem(authorities.clone()),
                None => postgres,
            }
        });
    }
    Ok(options)
}

/// Returns true if the last transaction on this connection has ended. After a failed commit the driver still counts it
/// as open: further statements would succeed as a part of a transaction that is never committed. The pool closes such a
/// connection and opens another.
fn is_outside_transaction(connection: &SqliteConnection) -> bool {
    !connection.is_in_transaction()
}

/// Creates the file, if there is none, so that only its owner can read it (mode 0600); SQLite gives `-wal` and `-shm`
/// the same mode. Returns the open file and its name; `None` for a database in memory.
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

/// Locks an SQLite file for one server; the system releases the lock when the process ends, for whatever reason. The
/// lock is on the file, not on its name, so a link leads to the same lock.
pub fn lock_sqlite_file(url: &DatabaseUrl) -> Result<Option<FileLock>, ConnectError> {
    if !url.is_sqlite() {
        return Ok(None);
    }
    let made = make_private_file(url.expose()).map_err(ConnectError::Refused)?;
    let Some((made, file)) = made else { return Ok(None) };
    FileLock::acquire(made).map(Some).map_err(|error| match error {
        LockError::InUse => ConnectError::InUse(file),
        LockError::System(source) => ConnectError::Unlockable { file, source },
    })
}

/// Statement that disables the role's and the database's time limits for the current transaction. As a query it sets
/// only those that this version of PostgreSQL knows; being local to the transaction, it leaves nothing on a pooler's
/// connection.
const DISABLE_TIMEOUTS: &str = "SELECT set_config(name, '0', true) FROM pg_settings WHERE name IN ('statement_timeout', \
     'lock_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')";

/// Runs the pending migrations. Servers that start at the same moment wait for each other: the first one migrates, the
/// others find nothing left to do. On PostgreSQL all of it is one transaction: behind a pooler there is no other way to
/// stay on the connection that has no limits.
async fn migrate(connection: &DatabaseConnection) -> Result<(), DbErr> {
    if connection.get_database_backend() != DatabaseBackend::Postgres {
        return Migrator::up(connection, None).await;
    }
    // Each statement sees what the server that had the lock before has committed.
    let transaction = connection.begin_with_config(Some(IsolationLevel::ReadCommitted), None).await?;
    transaction.execute_unprepared(DISABLE_TIMEOUTS).await?;
    transaction.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")).await?;
    Migrator::up(&transaction, None).await?;
    transaction.commit().await
}
