//! A backup is one file: the whole SQLite database as it stood at one instant, and the keys that its sessions are
//! signed with. PostgreSQL has backups of its own.

mod create;
mod restore;

pub use create::{CreatedBackup, create};
pub use restore::{RestoredBackup, restore, verify};

use crate::config::Config;
use crate::db::{SnapshotError, sqlite_file};
use crate::tokens::KeyError;
use std::path::{Path, PathBuf};

/// The note that holds the keys.
const KEYS: &str = "secrets.json";
/// The note that says that the keys were left out: whoever restores the backup signs everybody out.
const WITHOUT_KEYS: &str = "without keys";

/// Why there is no backup, or nothing is restored. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The database has backups of its own.
    #[error(
        "database.url: PostgreSQL makes its own backups: `pg_dump --format=custom --file=FILE DATABASE` and, into a new, \
         empty database, `pg_restore --exit-on-error --single-transaction --no-owner --dbname=NEW FILE`; keep \
         secrets.json, or the configured keys, beside them"
    )]
    Postgres,
    /// There is no database to copy.
    #[error("database.url: there is no database at {}", .0.display())]
    NoDatabase(PathBuf),
    /// Nothing is ever written over.
    #[error("{} exists: name a file that does not", .0.display())]
    Exists(PathBuf),
    /// There is nothing to put the file into.
    #[error("{} does not exist or is no folder: make it first, or name another one", .0.display())]
    NoFolder(PathBuf),
    /// A backup is a file, and nothing else is waited for.
    #[error("{} is no file: name what `latchkey backup` wrote", .0.display())]
    NotAFile(PathBuf),
    /// There is something that would be lost.
    #[error("{} exists: --force puts the backup in its place and keeps it as {}", file.display(), replaced_path.display())]
    Occupied {
        /// What is there.
        file: PathBuf,
        /// What it would be called.
        replaced_path: PathBuf,
    },
    /// Somebody uses the folder.
    #[error("data_dir: {} is in use: stop the server first", .0.display())]
    InUse(PathBuf),
    /// A file cannot be read or written.
    #[error("{}: {source}", file.display())]
    File {
        /// Which file.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A database is not what it should be.
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

/// The file that is backed up and restored.
fn database(config: &Config) -> Result<PathBuf, BackupError> {
    sqlite_file(&config.database_url).ok_or(BackupError::Postgres)
}

/// The same name with something behind it: it stays in the same folder, so that a rename is enough.
fn with_suffix(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// A file or a name in a folder lasts only once it was written through to the disk.
fn sync_to_disk(path: &Path) -> Result<(), BackupError> {
    std::fs::File::open(path).and_then(|file| file.sync_all()).map_err(file_error(path))
}
