//! Snapshots: copies of a whole SQLite database in one file, taken while it is in use and checked before a restore.

use super::migrations::Migrator;
use crate::config::DatabaseUrl;
use latchkey_shared::{EndReason, Secret, Timestamp};
use sea_orm::SqlxError;
use sea_orm::sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteLockingMode, SqliteSynchronous,
};
use sea_orm::sqlx::{ConnectOptions as _, Connection as _, query, query_scalar};
use sea_orm_migration::MigratorTrait as _;
use std::path::{Path, PathBuf};

/// A reason why a file cannot be used as a snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// SQLite reported an error.
    #[error("{file}: {source}")]
    Sqlite {
        /// Path of the file.
        file: String,
        /// SQLite's error.
        source: SqlxError,
    },
    /// The database is corrupted.
    #[error("{file} is damaged: {fault}")]
    Damaged {
        /// Path of the file.
        file: String,
        /// The first fault that was found.
        fault: String,
    },
    /// The database is another program's.
    #[error("{0} is not a database of Latchkey's")]
    Foreign(String),
    /// The database has a migration that this version does not know.
    #[error("{file} was made by a newer Latchkey: this one does not know {migration}")]
    Newer {
        /// Path of the file.
        file: String,
        /// Name of the unknown migration.
        migration: String,
    },
}

/// Row counts of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowCounts {
    /// Number of accounts.
    pub accounts: i64,
    /// Number of sessions that have not been ended.
    pub sessions: i64,
}

/// An open snapshot: a database in one file that no other program uses.
pub struct Snapshot {
    file: String,
    connection: SqliteConnection,
}

/// Returns the path of the SQLite file; `None` for PostgreSQL and for a database in memory.
pub fn sqlite_file(url: &DatabaseUrl) -> Option<PathBuf> {
    if !url.is_sqlite() || url.expose().contains(":memory:") || url.expose().contains("mode=memory") {
        return None;
    }
    Some(url.expose().parse::<SqliteConnectOptions>().ok()?.get_filename().to_owned())
}

impl Snapshot {
    /// Copies what is committed in `database` at this moment to `file`, which is empty, and opens the copy. The
    /// database stays in use: neither readers nor writers wait for a reader.
    pub async fn take(database: &Path, file: &Path) -> Result<Self, SnapshotError> {
        let failed = |source| SnapshotError::Sqlite { file: database.display().to_string(), source };
        let mut source = base_options(database).connect().await.map_err(failed)?;
        let copied =
            query("VACUUM INTO ?").bind(file.to_string_lossy().into_owned()).execute(&mut source).await;
        copied.map_err(failed)?;
        source.close().await.map_err(failed)?;
        Self::open(file).await
    }

    /// Opens a file for changes, with an exclusive lock.
    pub async fn open(file: &Path) -> Result<Self, SnapshotError> {
        let options = base_options(file)
            .journal_mode(SqliteJournalMode::Delete)
            .locking_mode(SqliteLockingMode::Exclusive)
            .synchronous(SqliteSynchronous::Full)
            // Deleted data must not stay readable in free pages.
            .pragma("secure_delete", "ON");
        Self::connect(file, options).await
    }

    /// Opens a file for reading.
    pub async fn open_read_only(file: &Path) -> Result<Self, SnapshotError> {
        Self::connect(file, base_options(file).read_only(true)).await
    }

    async fn connect(file: &Path, options: SqliteConnectOptions) -> Result<Self, SnapshotError> {
        let name = file.display().to_string();
        match options.disable_statement_logging().connect().await {
            Ok(connection) => Ok(Self { file: name, connection }),
            Err(source) => Err(SnapshotError::Sqlite { file: name, source }),
        }
    }

    /// Inserts a named text into a table of the file that is outside the schema.
    pub async fn write_metadata(&mut self, name: &str, text: &Secret) -> Result<(), SnapshotError> {
        let made =
            query("CREATE TABLE IF NOT EXISTS latchkey_backup (name TEXT PRIMARY KEY, text TEXT NOT NULL)");
        made.execute(&mut self.connection).await.map_err(|source| failed(&self.file, source))?;
        let kept = query("INSERT INTO latchkey_backup VALUES (?, ?)").bind(name.to_owned());
        let kept = kept.bind(text.expose().to_owned()).execute(&mut self.connection).await;
        kept.map(drop).map_err(|source| failed(&self.file, source))
    }

    /// Reads a text that [`Self::write_metadata`] inserted; `None` if there is none.
    pub async fn read_metadata(&mut self, name: &str) -> Result<Option<Secret>, SnapshotError> {
        if !self.has_table("latchkey_backup").await? {
            return Ok(None);
        }
        let found = query_scalar::<_, String>("SELECT text FROM latchkey_backup WHERE name = ?");
        let found = found.bind(name.to_owned()).fetch_optional(&mut self.connection).await;
        Ok(found.map_err(|source| failed(&self.file, source))?.map(Secret::from))
    }

    /// Deletes the texts and their table: what is left is the database that a server opens.
    pub async fn remove_metadata(&mut self) -> Result<(), SnapshotError> {
        let dropped = query("DROP TABLE IF EXISTS latchkey_backup").execute(&mut self.connection).await;
        dropped.map(drop).map_err(|source| failed(&self.file, source))
    }

    /// Ends every session, and records it in `ended_sessions` for servers that check only access tokens.
    pub async fn end_sessions(&mut self, reason: EndReason, now: Timestamp) -> Result<(), SnapshotError> {
        const INSERT_ENDED: &str = "INSERT INTO ended_sessions (session_id, reason, ended_at) \
             SELECT id, ?1, ?2 FROM sessions WHERE ended_at IS NULL ON CONFLICT DO NOTHING";
        const END: &str = "UPDATE sessions SET end_reason = ?1, ended_at = ?2 WHERE ended_at IS NULL";
        for statement in [INSERT_ENDED, END] {
            let done = query(statement).bind(reason.to_string()).bind(now.as_millis());
            let done = done.execute(&mut self.connection).await;
            done.map_err(|source| failed(&self.file, source))?;
        }
        Ok(())
    }

    /// Checks the whole file, its foreign keys and its migrations, and returns its row counts.
    pub async fn check_integrity(&mut self) -> Result<RowCounts, SnapshotError> {
        let found: String = self.query_one("PRAGMA integrity_check(1)").await?;
        if found != "ok" {
            // SQLite's report may have several lines.
            let fault = found.split_whitespace().collect::<Vec<_>>().join(" ");
            return Err(SnapshotError::Damaged { file: self.file.clone(), fault });
        }
        let orphans: i64 = self.query_one("SELECT count(*) FROM pragma_foreign_key_check").await?;
        if orphans != 0 {
            let fault = format!("{orphans} rows belong to nothing");
            return Err(SnapshotError::Damaged { file: self.file.clone(), fault });
        }
        self.check_migrations().await?;
        Ok(RowCounts {
            accounts: self.query_one("SELECT count(*) FROM accounts").await?,
            sessions: self.query_one("SELECT count(*) FROM sessions WHERE ended_at IS NULL").await?,
        })
    }

    /// Fails for a newer version's tables, which cannot be reverted; an older one's are migrated at the next start.
    async fn check_migrations(&mut self) -> Result<(), SnapshotError> {
        if !self.has_table("seaql_migrations").await? {
            return Err(SnapshotError::Foreign(self.file.clone()));
        }
        let applied = query_scalar::<_, String>("SELECT version FROM seaql_migrations ORDER BY version");
        let applied = applied.fetch_all(&mut self.connection).await;
        let known: Vec<_> = Migrator::migrations().iter().map(|known| known.name().to_owned()).collect();
        match applied
            .map_err(|source| failed(&self.file, source))?
            .into_iter()
            .find(|name| !known.contains(name))
        {
            Some(migration) => Err(SnapshotError::Newer { file: self.file.clone(), migration }),
            None => Ok(()),
        }
    }

    async fn has_table(&mut self, name: &'static str) -> Result<bool, SnapshotError> {
        let found =
            query_scalar::<_, i64>("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?");
        let found = found.bind(name).fetch_one(&mut self.connection).await;
        Ok(found.map_err(|source| failed(&self.file, source))? == 1)
    }

    async fn query_one<T>(&mut self, statement: &'static str) -> Result<T, SnapshotError>
    where
        T: Send + Unpin + sea_orm::sqlx::Type<sea_orm::sqlx::Sqlite>,
        T: for<'row> sea_orm::sqlx::Decode<'row, sea_orm::sqlx::Sqlite>,
    {
        let found = query_scalar(statement).fetch_one(&mut self.connection).await;
        found.map_err(|source| failed(&self.file, source))
    }

    /// Closes the file; all changes are written.
    pub async fn close(self) -> Result<(), SnapshotError> {
        self.connection.close().await.map_err(|source| failed(&self.file, source))
    }
}

fn base_options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(file).disable_statement_logging()
}

fn failed(file: &str, source: SqlxError) -> SnapshotError {
    SnapshotError::Sqlite { file: file.to_owned(), source }
}
