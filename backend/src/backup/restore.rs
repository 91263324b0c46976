//! Restoring: looked through first, then put in place by one rename, while no server runs.

use super::{BackupError, KEYS, WITHOUT_KEYS, at, beside, database, write_through};
use crate::config::Config;
use crate::db::{Counts, Snapshot};
use crate::platform::{
    Clock as _, Draft, Folder, FolderError, Hold, SystemClock, aside, folder_of, is_there, keep_second_name,
};
use crate::tokens;
use latchkey_shared::{EndReason, Secret};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What SQLite keeps beside a database.
const LOGS: [&str; 2] = ["-wal", "-shm"];

/// What the backup holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// How much.
    pub counts: Counts,
    /// Whether the keys are in it.
    pub with_keys: bool,
    /// Whether everybody signs in again.
    pub signs_out: bool,
    /// What was there before, under its new name.
    pub aside: Option<PathBuf>,
}

/// Looks through a backup and changes nothing.
pub async fn verify(config: &Config, file: &Path) -> Result<Restored, BackupError> {
    // Looked at before it is opened: a pipe would be waited for without end.
    if !std::fs::metadata(file).map_err(at(file))?.is_file() {
        return Err(BackupError::NotAFile(file.to_owned()));
    }
    std::fs::File::open(file).map_err(at(file))?;
    let mut snapshot = Snapshot::open_to_read(file).await?;
    let counts = snapshot.examine().await?;
    let keys = snapshot.kept(KEYS).await?;
    let signs_out = signs_out(config, &mut snapshot, keys.as_ref()).await?;
    snapshot.close().await?;
    Ok(Restored { counts, with_keys: keys.is_some(), signs_out, aside: None })
}

/// Puts a backup in the place of the database. What is there is replaced only where `force` says so, and is kept aside.
pub async fn restore(config: &Config, file: &Path, force: bool) -> Result<Restored, BackupError> {
    let target = database(config)?;
    verify(config, file).await?;
    let folder = &config.data_dir;
    Folder::make(folder).map_err(at(folder))?;
    // Held to the end: no server starts on what is only half there.
    let _alone = Folder::alone(folder).map_err(|error| match error {
        FolderError::InUse => BackupError::InUse(folder.clone()),
        FolderError::System(source) => at(folder)(source),
    })?;
    // A server with another data folder may use the same file.
    let _untouched = match std::fs::File::open(&target) {
        Ok(database) => Some(Hold::on(database).map_err(|error| match error {
            FolderError::InUse => BackupError::InUse(target.clone()),
            FolderError::System(source) => at(&target)(source),
        })?),
        Err(_) => None,
    };
    let aside = if holds_something(&target) {
        let aside = aside(&target, |name| LOGS.iter().any(|log| is_there(&beside(name, log))));
        if !force {
            return Err(BackupError::Occupied { file: target, aside });
        }
        Some(aside)
    } else {
        None
    };
    let draft = Draft::beside(&target).map_err(at(&target))?;
    put(config, file, draft, &target, aside).await
}

fn holds_something(file: &Path) -> bool {
    std::fs::metadata(file).is_ok_and(|metadata| metadata.len() > 0)
}

async fn put(
    config: &Config,
    file: &Path,
    draft: Draft,
    target: &Path,
    aside: Option<PathBuf>,
) -> Result<Restored, BackupError> {
    copy(file, &draft, &config.data_dir)?;
    let mut snapshot = Snapshot::open(draft.path()).await?;
    // The copy is what will be served, so the copy is what is looked through.
    let counts = snapshot.examine().await?;
    let keys = snapshot.kept(KEYS).await?;
    let signs_out = signs_out(config, &mut snapshot, keys.as_ref()).await?;
    snapshot.strip().await?;
    if signs_out {
        snapshot.end_sessions(EndReason::Admin, SystemClock.now()).await?;
    }
    snapshot.close().await?;
    write_through(draft.path())?;
    if let Some(aside) = &aside {
        keep_aside(target, aside).await?;
    }
    // Before the database: one without its keys would be served with fresh ones, and sign everybody out.
    if let Some(keys) = &keys {
        tokens::import_keys(config, keys)?;
    }
    draft.put(target).map_err(at(target))?;
    write_through(&folder_of(target))?;
    if signs_out {
        // By now the sessions are over; and no token that was issued after the backup opens anything either.
        tokens::retire_keys(config)?;
    }
    Ok(Restored { counts, with_keys: keys.is_some(), signs_out, aside })
}

/// Whether the restored sessions end. A backup that was made without the keys says so; one that an earlier version made has
/// none in it, and where the keys come from the configuration none ever has.
async fn signs_out(
    config: &Config,
    snapshot: &mut Snapshot,
    keys: Option<&Secret>,
) -> Result<bool, BackupError> {
    let are_configured = config.tokens.signing_key.is_some() && config.tokens.refresh_secret.is_some();
    let were_left_out = snapshot.kept(WITHOUT_KEYS).await?.is_some();
    Ok(keys.is_none() && (were_left_out || !are_configured))
}

fn copy(file: &Path, draft: &Draft, folder: &Path) -> Result<(), BackupError> {
    let mut from = std::fs::File::open(file).map_err(at(file))?;
    let mut to = draft.create().map_err(at(draft.path()))?;
    Folder::hand_over(folder, &to).map_err(at(draft.path()))?;
    std::io::copy(&mut from, &mut to).map_err(at(draft.path()))?;
    Ok(())
}

/// Gives the old database a second name, and takes its write-ahead log from beside the place where the new one will
/// stand: SQLite would take it for the new one's.
async fn keep_aside(target: &Path, aside: &Path) -> Result<(), BackupError> {
    // Opened so, SQLite folds the log into the file. A damaged one may refuse; then the log goes aside with it.
    if let Ok(old) = Snapshot::open(target).await {
        let _ = old.close().await;
    }
    // A second name never replaces what is there.
    for log in LOGS {
        let (log, kept) = (beside(target, log), beside(aside, log));
        let moved = keep_second_name(&log, &kept).and_then(|()| std::fs::remove_file(&log));
        match moved {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(at(&log)(error)),
            _ => {}
        }
    }
    keep_second_name(target, aside).map_err(at(aside))
}
