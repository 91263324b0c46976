//! The secrets file in the data folder: created at the first start, readable by its owner only.

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

/// Reason for having no keys; the server does not start.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or created.
    #[error("data_dir: cannot use {}: {source}", file.display())]
    SecretsFile {
        /// Path of the file.
        file: PathBuf,
        /// Error of the operating system.
        source: std::io::Error,
    },
    /// The file exists but its content is not valid.
    #[error("data_dir: {} is damaged: restore it from a backup, or remove it and everybody signs in again", .0.display())]
    Damaged(PathBuf),
    /// A configured key is not an Ed25519 private key in PKCS#8 PEM.
    #[error("tokens.signing_key: expected Ed25519 private keys in PKCS#8 PEM, the one that signs first")]
    SigningKey,
    /// A configured secret is not base64url or has less than 32 bytes.
    #[error(
        "tokens.refresh_secret: expected at least 32 random bytes in base64url without padding; several with a space between them, the one that signs first"
    )]
    RefreshSecret,
}

/// Content of the secrets file. The newest entries come last.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredSecrets {
    /// Seeds of Ed25519 keys (RFC 8032 §5.1.5).
    pub signing: Vec<SecretEntry>,
    /// HMAC keys of refresh tokens.
    pub refresh: Vec<SecretEntry>,
}

/// A secret and the time from which it signs.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretEntry {
    /// 32 random bytes, base64url.
    pub secret: Secret,
    /// Time from which it signs.
    pub signs_from: Timestamp,
}

impl SecretEntry {
    /// Generates a new secret.
    pub fn fresh(signs_from: Timestamp, random: &dyn Randomness) -> Self {
        Self { secret: URL_SAFE_NO_PAD.encode(random.bytes::<32>()).into(), signs_from }
    }
}

/// The secrets file and its stamp (inode and modification time) when it was last read.
pub struct SecretsFile {
    folder: PathBuf,
    path: PathBuf,
    last_read_stamp: Mutex<Option<(u64, i64, i64)>>,
}

impl SecretsFile {
    /// Returns the file in the configured data folder.
    pub fn of(config: &Config) -> Self {
        let folder = config.data_dir.clone();
        Self { path: folder.join(FILE_NAME), folder, last_read_stamp: Mutex::default() }
    }

    /// Returns whether the file exists.
    pub fn exists(&self) -> bool {
        self.path.exists()
    }

    /// Returns whether the file has changed since it was read; false if it was never read.
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

    /// Reads the secrets; creates the file if it does not exist. If two servers start in one folder at the same time,
    /// one creates it and both read the same secrets.
    pub fn read_or_create(&self, now: Timestamp, random: &dyn Randomness) -> Result<StoredSecrets, KeyError> {
        if !self.exists() {
            let fresh = || vec![SecretEntry::fresh(now, random)];
            // `persist_new` never replaces an existing file: the first server wins.
            let put = |temp_file: TempFile| match temp_file.persist_new(&self.path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
                linked => linked,
            };
            self.write(&StoredSecrets { signing: fresh(), refresh: fresh() }, put)?;
        }
        self.read()
    }

    /// Gives the file, if it exists, a second name that survives the next replacement.
    pub fn set_aside(&self) -> Result<(), KeyError> {
        if !self.exists() {
            return Ok(());
        }
        link_or_copy(&self.path, &replaced_path(&self.path, |_| false)).map_err(|source| self.failed(source))
    }

    /// Removes the file if it exists.
    pub fn remove(&self) -> Result<(), KeyError> {
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(self.failed(error)),
            _ => Ok(()),
        }
    }

    /// Replaces the stored secrets atomically.
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

    /// Returns the error for a file with invalid content.
    pub fn damaged(&self) -> KeyError {
        KeyError::Damaged(self.path.clone())
    }
}
