//! Taking a backup, beside a server that goes on.

use super::{BackupError, KEYS, at, beside, database, folder_of, write_through};
use crate::config::Config;
use crate::db::{Counts, Snapshot};
use crate::tokens;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt as _;
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
    if file.exists() {
        return Err(BackupError::Exists(file.to_owned()));
    }
    let draft = beside(file, ".partial");
    let mut private = std::fs::OpenOptions::new();
    private.write(true).create(true).truncate(true).mode(0o600).open(&draft).map_err(at(&draft))?;
    let taken = match fill(config, &source, &draft, with_keys).await {
        Ok(taken) => put(&draft, file).map(|()| taken),
        Err(error) => Err(error),
    };
    // Whatever came of it, the draft is not needed any more.
    let _ = std::fs::remove_file(&draft);
    taken
}

async fn fill(config: &Config, source: &Path, draft: &Path, with_keys: bool) -> Result<Taken, BackupError> {
    // The keys are read first: a session of the copy is never signed with one that came later.
    let keys = if with_keys { tokens::export_keys(config)? } else { None };
    let mut snapshot = Snapshot::take(source, draft).await?;
    if let Some(keys) = &keys {
        snapshot.keep(KEYS, keys).await?;
    }
    let counts = snapshot.examine().await?;
    snapshot.close().await?;
    Ok(Taken { counts, with_keys: keys.is_some() })
}

/// A link never replaces what is there.
fn put(draft: &Path, file: &Path) -> Result<(), BackupError> {
    write_through(draft)?;
    std::fs::hard_link(draft, file).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => BackupError::Exists(file.to_owned()),
        _ => at(file)(error),
    })?;
    write_through(&folder_of(file))
}
