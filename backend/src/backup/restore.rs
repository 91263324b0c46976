//! Restoring: looked through first, then put in place by one rename, while no server runs.

use super::{BackupError, KEYS, at, beside, database, folder_of, write_through};
use crate::config::Config;
use crate::db::{Counts, Snapshot};
use crate::platform::{Folder, FolderError};
use crate::tokens;
use latchkey_shared::Secret;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// What the backup holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// How much.
    pub counts: Counts,
    /// Whether the keys are in it.
    pub with_keys: bool,
    /// What was there before, under its new name.
    pub aside: Option<PathBuf>,
}

/// Looks through a backup and changes nothing.
pub async fn verify(file: &Path) -> Result<Restored, BackupError> {
    std::fs::File::open(file).map_err(at(file))?;
    let mut snapshot = Snapshot::open_to_read(file).await?;
    let counts = snapshot.examine().await?;
    let keys = read_keys(&mut snapshot).await?;
    snapshot.close().await?;
    Ok(Restored { counts, with_keys: keys.is_some(), aside: None })
}

/// Puts a backup in the place of the database. What is there is replaced only where `force` says so, and is kept aside.
pub async fn restore(config: &Config, file: &Path, force: bool) -> Result<Restored, BackupError> {
    let target = database(config)?;
    verify(file).await?;
    let folder = &config.data_dir;
    Folder::make(folder).map_err(at(folder))?;
    // Held to the end: no server starts on what is only half there.
    let _alone = Folder::alone(folder).map_err(|error| match error {
        FolderError::InUse => BackupError::InUse(folder.clone()),
        FolderError::System(source) => at(folder)(source),
    })?;
    let aside = if holds_something(&target) {
        let aside = beside(&target, ".replaced");
        if !force {
            return Err(BackupError::Occupied { file: target, aside });
        }
        Some(aside)
    } else {
        None
    };
    let draft = beside(&target, ".restoring");
    let restored = put(config, file, &draft, &target, aside).await;
    let _ = std::fs::remove_file(&draft);
    restored
}

fn holds_something(file: &Path) -> bool {
    std::fs::metadata(file).is_ok_and(|metadata| metadata.len() > 0)
}

async fn put(
    config: &Config,
    file: &Path,
    draft: &Path,
    target: &Path,
    aside: Option<PathBuf>,
) -> Result<Restored, BackupError> {
    copy(file, draft, &config.data_dir)?;
    let mut snapshot = Snapshot::open(draft).await?;
    // The copy is what will be served, so the copy is what is looked through.
    let counts = snapshot.examine().await?;
    let keys = read_keys(&mut snapshot).await?;
    snapshot.strip().await?;
    snapshot.close().await?;
    write_through(draft)?;
    if let Some(aside) = &aside {
        keep_aside(target, aside).await?;
    }
    // Before the database: one without its keys would be served with fresh ones, and sign everybody out.
    if let Some(keys) = &keys {
        tokens::import_keys(config, keys)?;
    }
    std::fs::rename(draft, target).map_err(at(target))?;
    write_through(&folder_of(target))?;
    Ok(Restored { counts, with_keys: keys.is_some(), aside })
}

fn copy(file: &Path, draft: &Path, folder: &Path) -> Result<(), BackupError> {
    let mut from = std::fs::File::open(file).map_err(at(file))?;
    let mut private = std::fs::OpenOptions::new();
    let mut to =
        private.write(true).create(true).truncate(true).mode(0o600).open(draft).map_err(at(draft))?;
    Folder::hand_over(folder, &to).map_err(at(draft))?;
    std::io::copy(&mut from, &mut to).map_err(at(draft))?;
    Ok(())
}

async fn read_keys(snapshot: &mut Snapshot) -> Result<Option<Secret>, BackupError> {
    Ok(snapshot.kept(KEYS).await?)
}

/// Gives the old database a second name, and takes its write-ahead log from beside the place where the new one will
/// stand: SQLite would take it for the new one's.
async fn keep_aside(target: &Path, aside: &Path) -> Result<(), BackupError> {
    // Opened so, SQLite folds the log into the file. A damaged one may refuse; then the log goes aside with it.
    if let Ok(old) = Snapshot::open(target).await {
        let _ = old.close().await;
    }
    for ending in ["-wal", "-shm"] {
        let (log, kept) = (beside(target, ending), beside(aside, ending));
        remove(&kept)?;
        match std::fs::rename(&log, &kept) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(at(&log)(error)),
            _ => {}
        }
    }
    remove(aside)?;
    std::fs::hard_link(target, aside).map_err(at(aside))
}

fn remove(file: &Path) -> Result<(), BackupError> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(at(file)(error)),
        _ => Ok(()),
    }
}
