//! Taking a backup, beside a server that goes on.

use super::{BackupError, KEYS, WITHOUT_KEYS, at, database, write_through};
use crate::config::Config;
use crate::db::{Counts, Snapshot};
use crate::platform::{Draft, folder_of, is_there};
use crate::tokens;
use std::io::ErrorKind;
use std::path::Path;

/// What the backup holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// How much.
    pub counts: Counts,
    /// Whether the keys are in it.
    pub with_keys: bool,
}

/// Writes a backup to `file`, which must not exist: as a whole or not at all, and for its owner's eyes alone.
pub async fn take(config: &Config, file: &Path, with_keys: bool) -> Result<Taken, BackupError> {
    let source = database(config)?;
    if !source.is_file() {
        return Err(BackupError::Nothing(source));
    }
    if is_there(file) {
        return Err(BackupError::Exists(file.to_owned()));
    }
    let folder = folder_of(file);
    if !folder.is_dir() {
        return Err(BackupError::NoFolder(folder));
    }
    let draft = Draft::beside(file).map_err(at(&folder))?;
    draft.create().map_err(at(&folder))?;
    let taken = fill(config, &source, draft.path(), with_keys).await?;
    write_through(draft.path())?;
    draft.put_new(file).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => BackupError::Exists(file.to_owned()),
        _ => at(file)(error),
    })?;
    write_through(&folder)?;
    Ok(taken)
}

async fn fill(config: &Config, source: &Path, draft: &Path, with_keys: bool) -> Result<Taken, BackupError> {
    // The keys are read first: a session of the copy is never signed with one that came later.
    let keys = if with_keys { tokens::export_keys(config)? } else { None };
    let mut snapshot = Snapshot::take(source, draft).await?;
    if let Some(keys) = &keys {
        snapshot.keep(KEYS, keys).await?;
    }
    if !with_keys {
        snapshot.keep(WITHOUT_KEYS, &"".into()).await?;
    }
    let counts = snapshot.examine().await?;
    snapshot.close().await?;
    Ok(Taken { counts, with_keys: keys.is_some() })
}
