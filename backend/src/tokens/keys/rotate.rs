//! Changing the keys: the new ones are published first, sign later, and the old ones stay until their last token ends.

use super::parse::{self, retires_at};
use super::secrets::{Entry, File, KeyError, Stored};
use crate::config::Config;
use crate::platform::Randomness;
use latchkey_shared::Timestamp;
use std::time::Duration;

/// What became of the keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotated {
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
pub enum RotateError {
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
) -> Result<Rotated, RotateError> {
    if config.tokens.signing_key.is_some() {
        return Err(RotateError::Configured("tokens.signing_key"));
    }
    if config.tokens.refresh_secret.is_some() {
        return Err(RotateError::Configured("tokens.refresh_secret"));
    }
    if lead < Duration::from_secs(10) {
        return Err(RotateError::TooSoon(lead));
    }
    let file = File::of(config);
    let mut stored = file.read_or_make(now, random)?;
    if let Some(waiting) = stored.signing.iter().map(|entry| entry.signs_from).find(|at| *at > now) {
        return Err(RotateError::Waiting(waiting));
    }
    let signs_from = now + lead;
    let (access, refresh) = (config.tokens.access_lifetime, config.sessions.absolute);
    take_turn(&mut stored.signing, Entry::fresh(signs_from, random), access, now);
    take_turn(&mut stored.refresh, Entry::fresh(signs_from, random), refresh, now);
    let kid = kid(config, &stored, signs_from)?;
    file.replace(&stored)?;
    Ok(Rotated {
        kid,
        signs_from,
        access_retires_at: retires_at(signs_from, access),
        refresh_retires_at: retires_at(signs_from, refresh),
    })
}

fn take_turn(entries: &mut Vec<Entry>, fresh: Entry, lifetime: Duration, now: Timestamp) {
    let turns: Vec<Timestamp> = entries.iter().map(|entry| entry.signs_from).collect();
    let retired = |entry: &Entry| {
        let next = turns.iter().filter(|at| **at > entry.signs_from).min();
        next.is_some_and(|next| retires_at(*next, lifetime) <= now)
    };
    entries.retain(|entry| !retired(entry));
    entries.push(fresh);
}

/// The name that the new key has among all.
fn kid(config: &Config, stored: &Stored, signs_from: Timestamp) -> Result<String, KeyError> {
    let copy = |entries: &[Entry]| {
        entries.iter().map(|e| Entry { secret: e.secret.clone(), signs_from: e.signs_from }).collect()
    };
    let ring = parse::ring(config, || {
        Ok(Stored { signing: copy(&stored.signing), refresh: copy(&stored.refresh) })
    })?;
    let turn = ring.access.signing(signs_from);
    turn.map(|turn| turn.kid.clone()).ok_or(KeyError::SigningKey)
}
