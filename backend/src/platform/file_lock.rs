//! A hold on a file that one program alone may use. The system forgets it when the program ends, however that ends.

use super::LockError;
use super::data_dir::map_lock_error;
use std::fs::File;

/// A hold on a file, for as long as this lives.
#[derive(Debug)]
pub struct FileLock(#[expect(dead_code, reason = "the open file is the hold")] File);

impl FileLock {
    /// Holds the file with nobody beside.
    pub fn acquire(file: File) -> Result<Self, LockError> {
        map_lock_error(file.try_lock())?;
        Ok(Self(file))
    }
}
