//! The secrets in the data folder: made at the first start, for their owner's eyes alone.

use crate::config::Config;
use crate::platform::{Draft, Folder, Randomness, aside, keep_second_name};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use latchkey_shared::{Secret, Timestamp};
use serde::{Deserialize, Serialize};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use zeroize::Zeroizing;

const NAME: &str = "secrets.json";

/// Why there is nothing to sign with; the server does not start.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or made.
    #[error("data_dir: cannot use {}: {source}", file.display())]
    File {
        /// Which file.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is there and is no longer what was written.
    #[error("data_dir: {} is damaged: restore it from a backup, or remove it and everybody signs in again", .0.display())]
    Damaged(PathBuf),
    /// The configured key is not one.
    #[error("tokens.signing_key: expected Ed25519 private keys in PKCS#8 PEM, the one that signs first")]
    SigningKey,
    /// The configured secret is too short to be one.
    #[error(
        "tokens.refresh_secret: expected at least 32 random bytes in base64url without padding; several with a space between them, the one that signs first"
    )]
    RefreshSecret,
}

/// What the data folder keeps. The one that was made last stands last.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stored {
    /// Seeds of Ed25519 keys (RFC 8032 §5.1.5).
    pub signing: Vec<Entry>,
    /// HMAC keys of refresh tokens.
    pub refresh: Vec<Entry>,
}

/// One secret and when its turn comes.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// 32 random bytes, base64url.
    pub secret: Secret,
    /// When it begins to sign.
    pub signs_from: Timestamp,
}

impl Entry {
    /// A fresh secret.
    pub fn fresh(signs_from: Timestamp, random: &dyn Randomness) -> Self {
        Self { secret: URL_SAFE_NO_PAD.encode(random.bytes::<32>()).into(), signs_from }
    }
}

/// The file, and how it looked when it was last read.
pub struct File {
    folder: PathBuf,
    path: PathBuf,
    read_as: Mutex<Option<(u64, i64, i64)>>,
}

impl File {
    /// The file in the configured data folder.
    pub fn of(config: &Config) -> Self {
        let folder = config.data_dir.clone();
        Self { path: folder.join(NAME), folder, read_as: Mutex::default() }
    }

    /// Whether there is such a file.
    pub fn exists(&self) -> bool {
        self.path.exists()
    }

    /// Whether the file is another one than was read. One that was never read does not matter.
    pub fn has_changed(&self) -> bool {
        let read_as = *self.read_as();
        read_as.is_some() && self.look() != read_as
    }

    fn look(&self) -> Option<(u64, i64, i64)> {
        let metadata = std::fs::metadata(&self.path).ok()?;
        Some((metadata.ino(), metadata.mtime(), metadata.mtime_nsec()))
    }

    fn read_as(&self) -> std::sync::MutexGuard<'_, Option<(u64, i64, i64)>> {
        self.read_as.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the secrets.
    pub fn read(&self) -> Result<Stored, KeyError> {
        let looked = self.look();
        let text = std::fs::read_to_string(&self.path).map_err(|source| self.failed(source))?;
        *self.read_as() = looked;
        serde_json::from_str(&Zeroizing::new(text)).map_err(|_| self.damaged())
    }

    /// Reads the secrets; makes them if there are none. Of two servers that start at once in one folder, one makes
    /// them and both read the same.
    pub fn read_or_make(&self, now: Timestamp, random: &dyn Randomness) -> Result<Stored, KeyError> {
        if !self.exists() {
            let fresh = || vec![Entry::fresh(now, random)];
            // A link never replaces what is there: the first server wins.
            let put = |draft: Draft| match draft.put_new(&self.path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
                linked => linked,
            };
            self.write(&Stored { signing: fresh(), refresh: fresh() }, put)?;
        }
        self.read()
    }

    /// Gives the file, if there is one, a second name that outlives the next replacement.
    pub fn keep_aside(&self) -> Result<(), KeyError> {
        if !self.exists() {
            return Ok(());
        }
        keep_second_name(&self.path, &aside(&self.path, |_| false)).map_err(|source| self.failed(source))
    }

    /// Removes the file, if there is one.
    pub fn remove(&self) -> Result<(), KeyError> {
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(self.failed(error)),
            _ => Ok(()),
        }
    }

    /// Puts these secrets in the place of those that are there, as a whole or not at all.
    pub fn replace(&self, stored: &Stored) -> Result<(), KeyError> {
        self.write(stored, |draft| draft.put(&self.path))
    }

    fn write(&self, stored: &Stored, put: impl FnOnce(Draft) -> std::io::Result<()>) -> Result<(), KeyError> {
        self.write_draft(stored).and_then(put).map_err(|source| self.failed(source))
    }

    fn write_draft(&self, stored: &Stored) -> std::io::Result<Draft> {
        let text = Zeroizing::new(serde_json::to_string_pretty(stored)?);
        let draft = Draft::beside(&self.path)?;
        let mut file = draft.create()?;
        Folder::hand_over(&self.folder, &file)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        Ok(draft)
    }

    fn failed(&self, source: std::io::Error) -> KeyError {
        KeyError::File { file: self.path.clone(), source }
    }

    /// The file does not hold what it should.
    pub fn damaged(&self) -> KeyError {
        KeyError::Damaged(self.path.clone())
    }
}
