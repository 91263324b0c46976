//! Creation of a backup, while the server keeps running.

use super::{BackupError, KEYS, WITHOUT_KEYS, database, file_error, sync_to_disk};
use crate::config::Config;
use crate::db::{RowCounts, Snapshot};
use crate::platform::{TempFile, parent_dir, path_exists};
use crate::tokens;
use std::io::ErrorKind;
use std::path::Path;

/// Summary of a created backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CreatedBackup {
    /// Number of rows.
    pub counts: RowCounts,
    /// The backup contains the keys.
    pub with_keys: bool,
}

/// Writes a backup to `file`, which must not exist: completely or not at all. Only its owner can read it.
pub async fn create(config: &Config, file: &Path, with_keys: bool) -> Result<CreatedBackup, BackupError> {
    let source = database(config)?;
    if !source.is_file() {
        return Err(BackupError::NoDatabase(source));
    }
    if path_exists(file) {
        return Err(BackupError::Exists(file.to_owned()));
    }
    let folder = parent_dir(file);
    if !folder.is_dir() {
        return Err(BackupError::NoFolder(folder));
    }
    let temp_file = TempFile::beside(file).map_err(file_error(&folder))?;
    temp_file.create().map_err(file_error(&folder))?;
    let created = fill(config, &source, temp_file.path(), with_keys).await?;
    sync_to_disk(temp_file.path())?;
    temp_file.persist_new(file).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => BackupError::Exists(file.to_owned()),
        _ => file_error(file)(error),
    })?;
    sync_to_disk(&folder)?;
    Ok(created)
}

async fn fill(
    config: &Config,
    source: &Path,
    temp_file: &Path,
    with_keys: bool,
) -> Result<CreatedBackup, BackupError> {
    // The keys are read before the snapshot: keys are published before they sign, so no session of the copy is signed
    // with a later one.
    let keys = if with_keys { tokens::export_keys(config)? } else { None };
    let mut snapshot = Snapshot::take(source, temp_file).await?;
    if let Some(keys) = &keys {
        snapshot.write_metadata(KEYS, keys).await?;
    }
    if !with_keys {
        snapshot.write_metadata(WITHOUT_KEYS, &"".into()).await?;
    }
    let counts = snapshot.check_integrity().await?;
    snapshot.close().await?;
    Ok(CreatedBackup { counts, with_keys: keys.is_some() })
}
