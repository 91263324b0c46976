//! Restoring: looked through first, then put in place by one rename, while no server runs.

use super::{BackupError, KEYS, WITHOUT_KEYS, database, file_error, sync_to_disk, with_suffix};
use crate::config::Config;
use crate::db::{RowCounts, Snapshot};
use crate::platform::{
    Clock as _, DataDirLock, FileLock, LockError, SystemClock, TempFile, link_or_copy, parent_dir,
    path_exists, replaced_path,
};
use crate::tokens;
use latchkey_shared::{EndReason, Secret};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What SQLite keeps beside a database.
const SIDE_FILES: [&str; 2] = ["-wal", "-shm"];

/// What the backup holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoredBackup {
    /// How much.
    pub counts: RowCounts,
    /// Whether the keys are in it.
    pub with_keys: bool,
    /// Whether everybody signs in again.
    pub signs_out: bool,
    /// What was there before, under its new name.
    pub replaced_path: Option<PathBuf>,
}

/// Looks through a backup and changes nothing.
pub async fn verify(config: &Config, file: &Path) -> Result<RestoredBackup, BackupError> {
    // Looked at before it is opened: a pipe would be waited for without end.
    if !std::fs::metadata(file).map_err(file_error(file))?.is_file() {
        return Err(BackupError::NotAFile(file.to_owned()));
    }
    std::fs::File::open(file).map_err(file_error(file))?;
    let mut snapshot = Snapshot::open_read_only(file).await?;
    let counts = snapshot.check_integrity().await?;
    let keys = snapshot.read_metadata(KEYS).await?;
    let signs_out = signs_out(config, &mut snapshot, keys.as_ref()).await?;
    snapshot.close().await?;
    Ok(RestoredBackup { counts, with_keys: keys.is_some(), signs_out, replaced_path: None })
}

/// Puts a backup in the place of the database. What is there is replaced only where `force` says so, and is kept aside.
pub async fn restore(config: &Config, file: &Path, force: bool) -> Result<RestoredBackup, BackupError> {
    let target = database(config)?;
    verify(config, file).await?;
    let folder = &config.data_dir;
    DataDirLock::create_dir(folder).map_err(file_error(folder))?;
    // Held to the end: no server starts on what is only half there.
    let _alone = DataDirLock::exclusive(folder).map_err(|error| match error {
        LockError::InUse => BackupError::InUse(folder.clone()),
        LockError::System(source) => file_error(folder)(source),
    })?;
    // A server with another data folder may use the same file.
    let _untouched = match std::fs::File::open(&target) {
        Ok(database) => Some(FileLock::acquire(database).map_err(|error| match error {
            LockError::InUse => BackupError::InUse(target.clone()),
            LockError::System(source) => file_error(&target)(source),
        })?),
        Err(_) => None,
    };
    let replaced_path = if is_not_empty(&target) {
        let replaced_path =
            replaced_path(&target, |name| SIDE_FILES.iter().any(|log| path_exists(&with_suffix(name, log))));
        if !force {
            return Err(BackupError::Occupied { file: target, replaced_path });
        }
        Some(replaced_path)
    } else {
        None
    };
    let temp_file = TempFile::beside(&target).map_err(file_error(&target))?;
    install(config, file, temp_file, &target, replaced_path).await
}

fn is_not_empty(file: &Path) -> bool {
    std::fs::metadata(file).is_ok_and(|metadata| metadata.len() > 0)
}

async fn install(
    config: &Config,
    file: &Path,
    temp_file: TempFile,
    target: &Path,
    replaced_path: Option<PathBuf>,
) -> Result<RestoredBackup, BackupError> {
    copy(file, &temp_file, &config.data_dir)?;
    let mut snapshot = Snapshot::open(temp_file.path()).await?;
    // The copy is what will be served, so the copy is what is looked through.
    let counts = snapshot.check_integrity().await?;
    let keys = snapshot.read_metadata(KEYS).await?;
    let signs_out = signs_out(config, &mut snapshot, keys.as_ref()).await?;
    snapshot.remove_metadata().await?;
    if signs_out {
        snapshot.end_sessions(EndReason::Admin, SystemClock.now()).await?;
    }
    snapshot.close().await?;
    sync_to_disk(temp_file.path())?;
    if let Some(replaced_path) = &replaced_path {
        keep_aside(target, replaced_path).await?;
    }
    // Before the database: one without its keys would be served with fresh ones, and sign everybody out.
    if let Some(keys) = &keys {
        tokens::import_keys(config, keys)?;
    }
    temp_file.persist(target).map_err(file_error(target))?;
    sync_to_disk(&parent_dir(target))?;
    if signs_out {
        // By now the sessions are over; and no token that was issued after the backup opens anything either.
        tokens::retire_keys(config)?;
    }
    Ok(RestoredBackup { counts, with_keys: keys.is_some(), signs_out, replaced_path })
}

/// Whether the restored sessions end. A backup that was made without the keys says so; one that an earlier version made has
/// none in it, and where the keys come from the configuration none ever has.
async fn signs_out(
    config: &Config,
    snapshot: &mut Snapshot,
    keys: Option<&Secret>,
) -> Result<bool, BackupError> {
    let are_configured = config.tokens.signing_key.is_some() && config.tokens.refresh_secret.is_some();
    let were_left_out = snapshot.read_metadata(WITHOUT_KEYS).await?.is_some();
    Ok(keys.is_none() && (were_left_out || !are_configured))
}

fn copy(file: &Path, temp_file: &TempFile, folder: &Path) -> Result<(), BackupError> {
    let mut from = std::fs::File::open(file).map_err(file_error(file))?;
    let mut to = temp_file.create().map_err(file_error(temp_file.path()))?;
    DataDirLock::inherit_owner(folder, &to).map_err(file_error(temp_file.path()))?;
    std::io::copy(&mut from, &mut to).map_err(file_error(temp_file.path()))?;
    Ok(())
}

/// Gives the old database a second name, and takes its write-ahead log from beside the place where the new one will
/// stand: SQLite would take it for the new one's.
async fn keep_aside(target: &Path, replaced_path: &Path) -> Result<(), BackupError> {
    // Opened so, SQLite folds the log into the file. A damaged one may refuse; then the log goes aside with it.
    if let Ok(old) = Snapshot::open(target).await {
        let _ = old.close().await;
    }
    // A second name never replaces what is there.
    for log in SIDE_FILES {
        let (log, kept) = (with_suffix(target, log), with_suffix(replaced_path, log));
        let moved = link_or_copy(&log, &kept).and_then(|()| std::fs::remove_file(&log));
        match moved {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(file_error(&log)(error)),
            _ => {}
        }
    }
    link_or_copy(target, replaced_path).map_err(file_error(replaced_path))
}
