//! The data folder, and who uses it. The system forgets a hold when its process ends, however that ends.

use std::fs::{DirBuilder, File, TryLockError};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, fchown};
use std::path::Path;

/// Why the folder cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Somebody uses it in a way that this use cannot stand beside.
    #[error("it is in use")]
    InUse,
    /// The system says no.
    #[error(transparent)]
    System(#[from] std::io::Error),
}

/// A hold on the folder, for as long as this lives.
#[derive(Debug)]
pub struct Folder(#[expect(dead_code, reason = "the open file is the hold")] File);

impl Folder {
    /// Makes the folder, if there is none. It holds secrets: nobody but its owner may look into one that we make.
    pub fn make(path: &Path) -> std::io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)
    }

    /// Gives a file to the owner of the folder that it is made for. A command that root runs must not lock out the server,
    /// which runs as somebody else; whoever else is not the owner is refused here, before anything is replaced.
    pub fn hand_over(path: &Path, file: &File) -> std::io::Result<()> {
        let (folder, made) = (std::fs::metadata(path)?, file.metadata()?);
        if made.uid() == folder.uid() {
            return Ok(());
        }
        fchown(file, Some(folder.uid()), Some(folder.gid()))
    }

    /// Holds it as servers do: beside each other.
    pub fn shared(path: &Path) -> Result<Self, FolderError> {
        let folder = File::open(path)?;
        held(folder.try_lock_shared())?;
        Ok(Self(folder))
    }

    /// Holds it with nobody beside.
    pub fn alone(path: &Path) -> Result<Self, FolderError> {
        let folder = File::open(path)?;
        held(folder.try_lock())?;
        Ok(Self(folder))
    }
}

pub(super) fn held(locked: Result<(), TryLockError>) -> Result<(), FolderError> {
    locked.map_err(|error| match error {
        TryLockError::WouldBlock => FolderError::InUse,
        TryLockError::Error(error) => FolderError::System(error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_share_a_folder_and_who_wants_it_alone_waits_for_the_last_of_them() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (Folder::shared(folder.path()).unwrap(), Folder::shared(folder.path()).unwrap());
        assert!(matches!(Folder::alone(folder.path()), Err(FolderError::InUse)));
        drop(one);
        assert!(matches!(Folder::alone(folder.path()), Err(FolderError::InUse)));
        drop(other);
        let alone = Folder::alone(folder.path()).unwrap();
        assert!(matches!(Folder::shared(folder.path()), Err(FolderError::InUse)));
        drop(alone);
        Folder::shared(folder.path()).unwrap();
    }
}
