//! A hold on a file that one program alone may use. The system forgets it when the program ends, however that ends.

use super::FolderError;
use super::folder::held;
use std::fs::File;

/// A hold on a file, for as long as this lives.
#[derive(Debug)]
pub struct Hold(#[expect(dead_code, reason = "the open file is the hold")] File);

impl Hold {
    /// Holds the file with nobody beside.
    pub fn on(file: File) -> Result<Self, FolderError> {
        held(file.try_lock())?;
        Ok(Self(file))
    }
}
