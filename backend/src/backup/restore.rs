//! Restore of a backup: verified first, then put in place by one rename, while no server runs.

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

/// Suffixes of the files that SQLite keeps next to a database.
const SIDE_FILES: [&str; 2] = ["-wal", "-shm"];

/// Summary of a verified or restored backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoredBackup {
    /// Number of rows.
    pub counts: RowCounts,
    /// The backup contains the keys.
    pub with_keys: bool,
    /// Everybody has to sign in again.
    pub signs_out: bool,
    /// New path of the database that was there before.
    pub replaced_path: Option<PathBuf>,
}

/// Verifies a backup without changing anything.
pub async fn verify(config: &Config, file: &Path) -> Result<RestoredBackup, BackupError> {
    // Checked before the file is opened: opening a pipe would wait forever.
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

/// Replaces the database with a backup. An existing database is only replaced if `force` is set, and is kept under
/// another name.
pub async fn restore(config: &Config, file: &Path, force: bool) -> Result<RestoredBackup, BackupError> {
    let target = database(config)?;
    verify(config, file).await?;
    let folder = &config.data_dir;
    DataDirLock::create_dir(folder).map_err(file_error(folder))?;
    // Locked to the end, so that no server starts on a partial restore.
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
    // The copy is what will be served, so the copy is verified.
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
    // The keys come before the database: a database without its keys would be served with new ones, which signs
    // everybody out.
    if let Some(keys) = &keys {
        tokens::import_keys(config, keys)?;
    }
    temp_file.persist(target).map_err(file_error(target))?;
    sync_to_disk(&parent_dir(target))?;
    if signs_out {
        // The sessions have ended by now. Retiring the keys also invalidates every token that was issued after the
        // backup.
        tokens::retire_keys(config)?;
    }
    Ok(RestoredBackup { counts, with_keys: keys.is_some(), signs_out, replaced_path })
}

/// Returns whether the restored sessions end. A backup that was made without the keys says so; one that an earlier
/// version made contains none, and where the keys come from the configuration no backup ever does.
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

/// Gives the old database a second name, and moves its write-ahead log away from the new database's place: SQLite would
/// take it for the new one's.
async fn keep_aside(target: &Path, replaced_path: &Path) -> Result<(), BackupError> {
    // Opening it this way makes SQLite merge the log into the file. A damaged database may fail to open; then the log
    // is moved along with it.
    if let Ok(old) = Snapshot::open(target).await {
        let _ = old.close().await;
    }
    // Linking never replaces an existing file.
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
