//! Key rotation: new keys are published first and sign later; the old ones stay until their last token expires.

use super::parse::{self, retires_at};
use super::secrets_file::{KeyError, SecretEntry, SecretsFile, StoredSecrets};
use crate::config::Config;
use crate::platform::Randomness;
use latchkey_shared::Timestamp;
use std::time::Duration;

/// Result of a rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRotation {
    /// Id of the new access-token key.
    pub kid: String,
    /// Time from which the new keys sign; they are published at once.
    pub signs_from: Timestamp,
    /// Time at which the old access-token key is retired.
    pub access_retires_at: Timestamp,
    /// Time at which the old refresh-token key is retired.
    pub refresh_retires_at: Timestamp,
}

/// Reason for not rotating the keys.
#[derive(Debug, thiserror::Error)]
pub enum KeyRotationError {
    /// The keys come from the configuration.
    #[error(
        "{0} is configured: add the new one behind the old one, restart every server, then put it first and restart again"
    )]
    Configured(&'static str),
    /// The previous rotation is not finished.
    #[error("new keys wait already: they sign from {0}")]
    Waiting(Timestamp),
    /// The lead is below 10 s: the new keys would sign before every server and service knows them.
    #[error("--lead {0:?}: expected at least 10s, so that every server knows the new keys before they sign")]
    TooSoon(Duration),
    /// The secrets file cannot be used.
    #[error(transparent)]
    Keys(#[from] KeyError),
}

/// Adds new keys that sign from `now + lead`, and removes those that have retired. Running servers reload them by
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

/// Returns the id of the new access-token key.
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
