//! Exclusive lock on a file. The system releases it when the process ends, for whatever reason.

use super::LockError;
use super::data_dir::map_lock_error;
use std::fs::File;

/// An exclusive lock on a file, released when this is dropped.
#[derive(Debug)]
pub struct FileLock(#[expect(dead_code, reason = "the open file is the hold")] File);

impl FileLock {
    /// Locks the file. Fails without a wait if another process has a lock on it.
    pub fn acquire(file: File) -> Result<Self, LockError> {
        map_lock_error(file.try_lock())?;
        Ok(Self(file))
    }
}
