//! Changing the keys: the new ones are published first, sign later, and the old ones stay until their last token ends.

use super::parse::{self, retires_at};
use super::secrets_file::{KeyError, SecretEntry, SecretsFile, StoredSecrets};
use crate::config::Config;
use crate::platform::Randomness;
use latchkey_shared::Timestamp;
use std::time::Duration;

/// What became of the keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRotation {
    /// The new access-token key's name.
    pub kid: String,
    /// When the new keys begin to sign; published they are at once.
    pub signs_from: Timestamp,
    /// When the old access-token key is taken back.
    pub access_retires_at: Timestamp,
    /// When the old refresh-token key is taken back.
    pub refresh_retires_at: Timestamp,
}

/// Why the keys stay as they are.
#[derive(Debug, thiserror::Error)]
pub enum KeyRotationError {
    /// They come from the configuration.
    #[error(
        "{0} is configured: add the new one behind the old one, restart every server, then put it first and restart again"
    )]
    Configured(&'static str),
    /// The last change is not over.
    #[error("new keys wait already: they sign from {0}")]
    Waiting(Timestamp),
    /// The new keys would sign before every server and service knows them.
    #[error("--lead {0:?}: expected at least 10s, so that every server knows the new keys before they sign")]
    TooSoon(Duration),
    /// The file cannot be used.
    #[error(transparent)]
    Keys(#[from] KeyError),
}

/// Adds fresh keys that sign from `lead` on, and forgets those that have retired. Running servers take them over by
/// themselves.
pub fn rotate(
    config: &Config,
    lead: Duration,
    now: Timestamp,
    random: &dyn Randomness,
) -> Result<KeyRotation, KeyRotationError> {
    if config.tokens.signing_key.is_some() {
        return Err(KeyRotationError::Configured("tokens.signing_key"));
    }
    if config.tokens.refresh_secret.is_some() {
        return Err(KeyRotationError::Configured("tokens.refresh_secret"));
    }
    if lead < Duration::from_secs(10) {
        return Err(KeyRotationError::TooSoon(lead));
    }
    let file = SecretsFile::of(config);
    let mut stored = file.read_or_create(now, random)?;
    if let Some(waiting) = stored.signing.iter().map(|entry| entry.signs_from).find(|at| *at > now) {
        return Err(KeyRotationError::Waiting(waiting));
    }
    let signs_from = now + lead;
    let (access, refresh) = (config.tokens.access_lifetime, config.sessions.absolute);
    prune_and_append(&mut stored.signing, SecretEntry::fresh(signs_from, random), access, now);
    prune_and_append(&mut stored.refresh, SecretEntry::fresh(signs_from, random), refresh, now);
    let kid = kid(config, &stored, signs_from)?;
    file.replace(&stored)?;
    Ok(KeyRotation {
        kid,
        signs_from,
        access_retires_at: retires_at(signs_from, access),
        refresh_retires_at: retires_at(signs_from, refresh),
    })
}

fn prune_and_append(entries: &mut Vec<SecretEntry>, fresh: SecretEntry, lifetime: Duration, now: Timestamp) {
    let starts: Vec<Timestamp> = entries.iter().map(|entry| entry.signs_from).collect();
    let retired = |entry: &SecretEntry| {
        let next = starts.iter().filter(|at| **at > entry.signs_from).min();
        next.is_some_and(|next| retires_at(*next, lifetime) <= now)
    };
    entries.retain(|entry| !retired(entry));
    entries.push(fresh);
}

/// The name that the new key has among all.
fn kid(config: &Config, stored: &StoredSecrets, signs_from: Timestamp) -> Result<String, KeyError> {
    let copy = |entries: &[SecretEntry]| {
        entries.iter().map(|e| SecretEntry { secret: e.secret.clone(), signs_from: e.signs_from }).collect()
    };
    let key_set = parse::key_set(config, || {
        Ok(StoredSecrets { signing: copy(&stored.signing), refresh: copy(&stored.refresh) })
    })?;
    let scheduled = key_set.access.signing(signs_from);
    scheduled.map(|scheduled| scheduled.kid.clone()).ok_or(KeyError::SigningKey)
}
