//! Backups. A backup is one file: the whole SQLite database as it was at one instant, and the keys that its sessions
//! are signed with. PostgreSQL has backup tools of its own.

mod create;
mod restore;

pub use create::{CreatedBackup, create};
pub use restore::{RestoredBackup, restore, verify};

use crate::config::Config;
use crate::db::{SnapshotError, sqlite_file};
use crate::tokens::KeyError;
use std::path::{Path, PathBuf};

/// Name of the metadata entry with the keys.
const KEYS: &str = "secrets.json";
/// Name of the metadata entry that marks a backup without keys: restoring it signs everybody out.
const WITHOUT_KEYS: &str = "without keys";

/// Cause of a failed backup or restore. Each message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// PostgreSQL has backup tools of its own.
    #[error(
        "database.url: PostgreSQL makes its own backups: `pg_dump --format=custom --file=FILE DATABASE` and, into a new, \
         empty database, `pg_restore --exit-on-error --single-transaction --no-owner --dbname=NEW FILE`; keep \
         secrets.json, or the configured keys, beside them"
    )]
    Postgres,
    /// There is no database to copy.
    #[error("database.url: there is no database at {}", .0.display())]
    NoDatabase(PathBuf),
    /// The file exists, and existing files are never overwritten.
    #[error("{} exists: name a file that does not", .0.display())]
    Exists(PathBuf),
    /// The folder for the file does not exist.
    #[error("{} does not exist or is no folder: make it first, or name another one", .0.display())]
    NoFolder(PathBuf),
    /// The backup is not a file; pipes, for example, are not read.
    #[error("{} is no file: name what `latchkey backup` wrote", .0.display())]
    NotAFile(PathBuf),
    /// A database exists and would be lost.
    #[error("{} exists: --force puts the backup in its place and keeps it as {}", file.display(), replaced_path.display())]
    Occupied {
        /// The existing file.
        file: PathBuf,
        /// The name under which it would be kept.
        replaced_path: PathBuf,
    },
    /// Another process uses the data folder or the database.
    #[error("data_dir: {} is in use: stop the server first", .0.display())]
    InUse(PathBuf),
    /// A file cannot be read or written.
    #[error("{}: {source}", file.display())]
    File {
        /// Path of the file.
        file: PathBuf,
        /// Error of the operating system.
        source: std::io::Error,
    },
    /// A database is not valid.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The keys cannot be read or written.
    #[error(transparent)]
    Keys(#[from] KeyError),
}

fn file_error(file: &Path) -> impl FnOnce(std::io::Error) -> BackupError {
    let file = file.to_owned();
    move |source| BackupError::File { file, source }
}

/// Returns the database file, which is backed up and restored; fails for PostgreSQL.
fn database(config: &Config) -> Result<PathBuf, BackupError> {
    sqlite_file(&config.database_url).ok_or(BackupError::Postgres)
}

/// Appends a suffix to the name. The file stays in the same folder, so that a rename is enough.
fn with_suffix(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Flushes a file or a folder to disk; without that, neither a file nor an entry of a folder is durable.
fn sync_to_disk(path: &Path) -> Result<(), BackupError> {
    std::fs::File::open(path).and_then(|file| file.sync_all()).map_err(file_error(path))
}
