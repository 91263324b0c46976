//! The data folder and its lock. The system releases the lock when the process ends, for whatever reason.

use std::fs::{DirBuilder, File, TryLockError};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, fchown};
use std::path::Path;

/// A reason why a folder or a file cannot be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has a conflicting lock.
    #[error("it is in use")]
    InUse,
    /// The system reported an error.
    #[error(transparent)]
    System(#[from] std::io::Error),
}

/// A lock on the folder, released when this is dropped.
#[derive(Debug)]
pub struct DataDirLock(#[expect(dead_code, reason = "the open file is the hold")] File);

impl DataDirLock {
    /// Creates the folder, if there is none. It contains secrets: only its owner can read it (mode 0700).
    pub fn create_dir(path: &Path) -> std::io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)
    }

    /// Gives a file the owner and group of `path`, if the owners differ. A command that root runs must not lock out the
    /// server, which runs as another user; for other users who are not the owner this fails, before anything is
    /// replaced.
    pub fn inherit_owner(path: &Path, file: &File) -> std::io::Result<()> {
        let (folder, made) = (std::fs::metadata(path)?, file.metadata()?);
        if made.uid() == folder.uid() {
            return Ok(());
        }
        fchown(file, Some(folder.uid()), Some(folder.gid()))
    }

    /// Takes a shared lock, as servers do. Fails without a wait.
    pub fn shared(path: &Path) -> Result<Self, LockError> {
        let folder = File::open(path)?;
        map_lock_error(folder.try_lock_shared())?;
        Ok(Self(folder))
    }

    /// Takes an exclusive lock. Fails without a wait.
    pub fn exclusive(path: &Path) -> Result<Self, LockError> {
        let folder = File::open(path)?;
        map_lock_error(folder.try_lock())?;
        Ok(Self(folder))
    }
}

pub(super) fn map_lock_error(locked: Result<(), TryLockError>) -> Result<(), LockError> {
    locked.map_err(|error| match error {
        TryLockError::WouldBlock => LockError::InUse,
        TryLockError::Error(error) => LockError::System(error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_share_a_folder_and_who_wants_it_alone_waits_for_the_last_of_them() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) =
            (DataDirLock::shared(folder.path()).unwrap(), DataDirLock::shared(folder.path()).unwrap());
        assert!(matches!(DataDirLock::exclusive(folder.path()), Err(LockError::InUse)));
        drop(one);
        assert!(matches!(DataDirLock::exclusive(folder.path()), Err(LockError::InUse)));
        drop(other);
        let alone = DataDirLock::exclusive(folder.path()).unwrap();
        assert!(matches!(DataDirLock::shared(folder.path()), Err(LockError::InUse)));
        drop(alone);
        DataDirLock::shared(folder.path()).unwrap();
    }
}
