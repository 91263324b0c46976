//! Temporary folders.

use crate::failure::{Context, Outcome};
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A folder that is removed on drop.
pub struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    /// Creates an empty folder that only its owner can enter.
    pub fn new(purpose: &str) -> Outcome<Self> {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let (process, number) = (std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(format!("latchkey-{purpose}-{process}-{number}"));
        fs::DirBuilder::new().mode(0o700).create(&path).context(format_args!("make {}", path.display()))?;
        Ok(Self(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("Could not remove {}: {error}", self.0.display());
        }
    }
}
