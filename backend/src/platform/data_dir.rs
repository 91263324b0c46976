//! The data folder, and who uses it. The system forgets a hold when its process ends, however that ends.

use std::fs::{DirBuilder, File, TryLockError};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, fchown};
use std::path::Path;

/// Why the folder cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody uses it in a way that this use cannot stand beside.
    #[error("it is in use")]
    InUse,
    /// The system says no.
    #[error(transparent)]
    System(#[from] std::io::Error),
}

/// A hold on the folder, for as long as this lives.
#[derive(Debug)]
pub struct DataDirLock(#[expect(dead_code, reason = "the open file is the hold")] File);

impl DataDirLock {
    /// Makes the folder, if there is none. It holds secrets: nobody but its owner may look into one that we make.
    pub fn create_dir(path: &Path) -> std::io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)
    }

    /// Gives a file to the owner of the folder that it is made for. A command that root runs must not lock out the server,
    /// which runs as somebody else; whoever else is not the owner is refused here, before anything is replaced.
    pub fn inherit_owner(path: &Path, file: &File) -> std::io::Result<()> {
        let (folder, made) = (std::fs::metadata(path)?, file.metadata()?);
        if made.uid() == folder.uid() {
            return Ok(());
        }
        fchown(file, Some(folder.uid()), Some(folder.gid()))
    }

    /// Holds it as servers do: beside each other.
    pub fn shared(path: &Path) -> Result<Self, LockError> {
        let folder = File::open(path)?;
        map_lock_error(folder.try_lock_shared())?;
        Ok(Self(folder))
    }

    /// Holds it with nobody beside.
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
