//! The secrets in the data folder: made at the first start, for their owner's eyes alone.

use crate::config::Config;
use crate::platform::{DataDirLock, Randomness, TempFile, link_or_copy, replaced_path};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use latchkey_shared::{Secret, Timestamp};
use serde::{Deserialize, Serialize};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use zeroize::Zeroizing;

const FILE_NAME: &str = "secrets.json";

/// Why there is nothing to sign with; the server does not start.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or made.
    #[error("data_dir: cannot use {}: {source}", file.display())]
    SecretsFile {
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
pub struct StoredSecrets {
    /// Seeds of Ed25519 keys (RFC 8032 §5.1.5).
    pub signing: Vec<SecretEntry>,
    /// HMAC keys of refresh tokens.
    pub refresh: Vec<SecretEntry>,
}

/// One secret and when its turn comes.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretEntry {
    /// 32 random bytes, base64url.
    pub secret: Secret,
    /// When it begins to sign.
    pub signs_from: Timestamp,
}

impl SecretEntry {
    /// A fresh secret.
    pub fn fresh(signs_from: Timestamp, random: &dyn Randomness) -> Self {
        Self { secret: URL_SAFE_NO_PAD.encode(random.bytes::<32>()).into(), signs_from }
    }
}

/// The file, and how it looked when it was last read.
pub struct SecretsFile {
    folder: PathBuf,
    path: PathBuf,
    last_read_stamp: Mutex<Option<(u64, i64, i64)>>,
}

impl SecretsFile {
    /// The file in the configured data folder.
    pub fn of(config: &Config) -> Self {
        let folder = config.data_dir.clone();
        Self { path: folder.join(FILE_NAME), folder, last_read_stamp: Mutex::default() }
    }

    /// Whether there is such a file.
    pub fn exists(&self) -> bool {
        self.path.exists()
    }

    /// Whether the file is another one than was read. One that was never read does not matter.
    pub fn has_changed(&self) -> bool {
        let last_read_stamp = *self.last_read_stamp();
        last_read_stamp.is_some() && self.stamp() != last_read_stamp
    }

    fn stamp(&self) -> Option<(u64, i64, i64)> {
        let metadata = std::fs::metadata(&self.path).ok()?;
        Some((metadata.ino(), metadata.mtime(), metadata.mtime_nsec()))
    }

    fn last_read_stamp(&self) -> std::sync::MutexGuard<'_, Option<(u64, i64, i64)>> {
        self.last_read_stamp.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the secrets.
    pub fn read(&self) -> Result<StoredSecrets, KeyError> {
        let stamp = self.stamp();
        let text = std::fs::read_to_string(&self.path).map_err(|source| self.failed(source))?;
        *self.last_read_stamp() = stamp;
        serde_json::from_str(&Zeroizing::new(text)).map_err(|_| self.damaged())
    }

    /// Reads the secrets; makes them if there are none. Of two servers that start at once in one folder, one makes
    /// them and both read the same.
    pub fn read_or_create(&self, now: Timestamp, random: &dyn Randomness) -> Result<StoredSecrets, KeyError> {
        if !self.exists() {
            let fresh = || vec![SecretEntry::fresh(now, random)];
            // A link never replaces what is there: the first server wins.
            let put = |temp_file: TempFile| match temp_file.persist_new(&self.path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
                linked => linked,
            };
            self.write(&StoredSecrets { signing: fresh(), refresh: fresh() }, put)?;
        }
        self.read()
    }

    /// Gives the file, if there is one, a second name that outlives the next replacement.
    pub fn set_aside(&self) -> Result<(), KeyError> {
        if !self.exists() {
            return Ok(());
        }
        link_or_copy(&self.path, &replaced_path(&self.path, |_| false)).map_err(|source| self.failed(source))
    }

    /// Removes the file, if there is one.
    pub fn remove(&self) -> Result<(), KeyError> {
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(self.failed(error)),
            _ => Ok(()),
        }
    }

    /// Puts these secrets in the place of those that are there, as a whole or not at all.
    pub fn replace(&self, stored: &StoredSecrets) -> Result<(), KeyError> {
        self.write(stored, |temp_file| temp_file.persist(&self.path))
    }

    fn write(
        &self,
        stored: &StoredSecrets,
        put: impl FnOnce(TempFile) -> std::io::Result<()>,
    ) -> Result<(), KeyError> {
        self.write_temp_file(stored).and_then(put).map_err(|source| self.failed(source))
    }

    fn write_temp_file(&self, stored: &StoredSecrets) -> std::io::Result<TempFile> {
        let text = Zeroizing::new(serde_json::to_string_pretty(stored)?);
        let temp_file = TempFile::beside(&self.path)?;
        let mut file = temp_file.create()?;
        DataDirLock::inherit_owner(&self.folder, &file)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        Ok(temp_file)
    }

    fn failed(&self, source: std::io::Error) -> KeyError {
        KeyError::SecretsFile { file: self.path.clone(), source }
    }

    /// The file does not hold what it should.
    pub fn damaged(&self) -> KeyError {
        KeyError::Damaged(self.path.clone())
    }
}
