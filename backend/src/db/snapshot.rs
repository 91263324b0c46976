//! A whole SQLite database in one file beside the one that is served: copied while that is in use, looked through,
//! and put in its place.

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

/// A file that cannot be what it should be.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// SQLite says no.
    #[error("{file}: {source}")]
    Sqlite {
        /// Which file.
        file: String,
        /// What SQLite says.
        source: SqlxError,
    },
    /// It is a database, and has lost some of what it held.
    #[error("{file} is damaged: {fault}")]
    Damaged {
        /// Which file.
        file: String,
        /// What is found first.
        fault: String,
    },
    /// It is another program's database.
    #[error("{0} is not a database of Latchkey's")]
    Foreign(String),
    /// It holds tables that this version does not know.
    #[error("{file} was made by a newer Latchkey: this one does not know {migration}")]
    Newer {
        /// Which file.
        file: String,
        /// The change of the tables that is not known.
        migration: String,
    },
}

/// What a database holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowCounts {
    /// How many accounts.
    pub accounts: i64,
    /// How many sessions that have not been ended.
    pub sessions: i64,
}

/// A database in one file that nobody else uses.
pub struct Snapshot {
    file: String,
    connection: SqliteConnection,
}

/// The file behind this address, unless it is PostgreSQL or in memory.
pub fn sqlite_file(url: &DatabaseUrl) -> Option<PathBuf> {
    if !url.is_sqlite() || url.expose().contains(":memory:") || url.expose().contains("mode=memory") {
        return None;
    }
    Some(url.expose().parse::<SqliteConnectOptions>().ok()?.get_filename().to_owned())
}

impl Snapshot {
    /// Copies what is committed in `database` at this moment to `file`, which is empty. Whoever uses the database goes
    /// on: readers and writers alike do not wait for a reader.
    pub async fn take(database: &Path, file: &Path) -> Result<Self, SnapshotError> {
        let failed = |source| SnapshotError::Sqlite { file: database.display().to_string(), source };
        let mut source = base_options(database).connect().await.map_err(failed)?;
        let copied =
            query("VACUUM INTO ?").bind(file.to_string_lossy().into_owned()).execute(&mut source).await;
        copied.map_err(failed)?;
        source.close().await.map_err(failed)?;
        Self::open(file).await
    }

    /// Opens a file of one's own, to change it.
    pub async fn open(file: &Path) -> Result<Self, SnapshotError> {
        let options = base_options(file)
            .journal_mode(SqliteJournalMode::Delete)
            .locking_mode(SqliteLockingMode::Exclusive)
            .synchronous(SqliteSynchronous::Full)
            // What is taken out must not stay readable in pages that are free.
            .pragma("secure_delete", "ON");
        Self::connect(file, options).await
    }

    /// Opens a file, to look at it.
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

    /// Puts a note into the file that the tables know nothing of.
    pub async fn write_metadata(&mut self, name: &str, text: &Secret) -> Result<(), SnapshotError> {
        let made =
            query("CREATE TABLE IF NOT EXISTS latchkey_backup (name TEXT PRIMARY KEY, text TEXT NOT NULL)");
        made.execute(&mut self.connection).await.map_err(|source| failed(&self.file, source))?;
        let kept = query("INSERT INTO latchkey_backup VALUES (?, ?)").bind(name.to_owned());
        let kept = kept.bind(text.expose().to_owned()).execute(&mut self.connection).await;
        kept.map(drop).map_err(|source| failed(&self.file, source))
    }

    /// A note that was put into the file.
    pub async fn read_metadata(&mut self, name: &str) -> Result<Option<Secret>, SnapshotError> {
        if !self.has_table("latchkey_backup").await? {
            return Ok(None);
        }
        let found = query_scalar::<_, String>("SELECT text FROM latchkey_backup WHERE name = ?");
        let found = found.bind(name.to_owned()).fetch_optional(&mut self.connection).await;
        Ok(found.map_err(|source| failed(&self.file, source))?.map(Secret::from))
    }

    /// Takes every note out: what is left is what a server opens.
    pub async fn remove_metadata(&mut self) -> Result<(), SnapshotError> {
        let dropped = query("DROP TABLE IF EXISTS latchkey_backup").execute(&mut self.connection).await;
        dropped.map(drop).map_err(|source| failed(&self.file, source))
    }

    /// Ends every session, also for servers that check only access tokens.
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

    /// Looks through the whole file, and counts what it holds.
    pub async fn check_integrity(&mut self) -> Result<RowCounts, SnapshotError> {
        let found: String = self.query_one("PRAGMA integrity_check(1)").await?;
        if found != "ok" {
            // SQLite tells it in several lines.
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

    /// An older version's tables are brought up to date at the next start; a newer one's cannot be taken back.
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

    /// Leaves the file, with everything in it.
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
