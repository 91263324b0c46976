//! Parsing of configured and stored secrets into keys.

use super::key_schedule::{KeySchedule, ScheduledKey};
use super::secrets_file::{KeyError, SecretEntry, StoredSecrets};
use super::{KeySet, RefreshKey, SigningKey};
use crate::config::Config;
use crate::platform::SKEW;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{Jwk, KeyAlgorithm, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use latchkey_shared::{Secret, Timestamp};
use sha2::{Digest, Sha256};
use std::time::Duration;
use zeroize::Zeroizing;

const SECRET_BYTES: usize = 32;
const PEM_END: &str = "-----END PRIVATE KEY-----";

/// Parses the configured keys, and the stored ones for each kind without configured keys. Calls `stored` only if it is
/// needed.
pub fn key_set(
    config: &Config,
    stored: impl FnOnce() -> Result<StoredSecrets, KeyError>,
) -> Result<KeySet, KeyError> {
    let (pems, secrets) = (&config.tokens.signing_key, &config.tokens.refresh_secret);
    let stored = if pems.is_some() && secrets.is_some() { None } else { Some(stored()?) };
    let damaged = || KeyError::Damaged(config.data_dir.join("secrets.json"));
    let access = match (pems, &stored) {
        (Some(pems), _) => configured_schedule(&pem_blocks(pems), signing_key_of_pem),
        (None, Some(stored)) => {
            stored_schedule(&stored.signing, config.tokens.access_lifetime, signing_key_of_seed)
        }
        (None, None) => None,
    };
    let refresh = match (secrets, &stored) {
        (Some(secrets), _) => configured_schedule(&words(secrets), refresh_key),
        (None, Some(stored)) => stored_schedule(&stored.refresh, config.sessions.absolute, refresh_key),
        (None, None) => None,
    };
    Ok(KeySet {
        access: access.ok_or_else(|| if pems.is_some() { KeyError::SigningKey } else { damaged() })?,
        refresh: refresh
            .ok_or_else(|| if secrets.is_some() { KeyError::RefreshSecret } else { damaged() })?,
    })
}

/// Builds the schedule of configured keys: the first one signs, all are accepted until they are removed from the
/// configuration.
fn configured_schedule<K>(
    texts: &[Secret],
    parse: impl Fn(&Secret) -> Option<(String, K)>,
) -> Option<KeySchedule<K>> {
    let rank = |index: usize| Timestamp::from_millis(i64::MIN + i64::try_from(index).unwrap_or(i64::MAX));
    let scheduled_keys = texts.iter().rev().enumerate().map(|(index, text)| {
        parse(text).map(|(kid, key)| ScheduledKey { kid, signs_from: rank(index), retires_at: None, key })
    });
    KeySchedule::new(scheduled_keys.collect::<Option<_>>()?)
}

/// Builds the schedule of stored keys: each signs until the next one does, and retires when its last token has expired.
fn stored_schedule<K>(
    entries: &[SecretEntry],
    lifetime: Duration,
    parse: impl Fn(&Secret) -> Option<(String, K)>,
) -> Option<KeySchedule<K>> {
    let scheduled_keys = entries.iter().map(|entry| {
        let next = entries.iter().map(|other| other.signs_from).filter(|at| *at > entry.signs_from).min();
        let (kid, key) = parse(&entry.secret)?;
        Some(ScheduledKey {
            kid,
            signs_from: entry.signs_from,
            retires_at: next.map(|at| retires_at(at, lifetime)),
            key,
        })
    });
    KeySchedule::new(scheduled_keys.collect::<Option<_>>()?)
}

/// Returns the time at which the last token of a stored key has expired, given the time from which the next key signs.
pub fn retires_at(next_signs_from: Timestamp, lifetime: Duration) -> Timestamp {
    next_signs_from + lifetime + SKEW
}

fn pem_blocks(pems: &Secret) -> Vec<Secret> {
    let blocks = pems.expose().split_inclusive(PEM_END).filter(|block| !block.trim().is_empty());
    blocks.map(|block| Secret::from(block.trim())).collect()
}

fn words(secrets: &Secret) -> Vec<Secret> {
    secrets.expose().split_whitespace().map(Secret::from).collect()
}

fn signing_key_of_pem(pem: &Secret) -> Option<(String, SigningKey)> {
    signing_key(EncodingKey::from_ed_pem(pem.expose().as_bytes()).ok()?)
}

/// Parses an Ed25519 key from its seed: the PKCS#8 prefix is always the same sixteen bytes (RFC 8410 §7).
fn signing_key_of_seed(seed: &Secret) -> Option<(String, SigningKey)> {
    const PKCS8: [u8; 16] = [48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];
    let seed = bytes(seed).filter(|seed| seed.len() == SECRET_BYTES)?;
    let der = Zeroizing::new([PKCS8.as_slice(), &seed].concat());
    signing_key(EncodingKey::from_ed_der(&der))
}

fn signing_key(encoding_key: EncodingKey) -> Option<(String, SigningKey)> {
    let mut public_jwk = Jwk::from_encoding_key(&encoding_key, Algorithm::EdDSA).ok()?;
    // RFC 7638: the id is the thumbprint of the public key, so it is the same on every server that has the key.
    let kid = public_jwk.thumbprint(ThumbprintHash::SHA256).ok()?;
    public_jwk.common.key_id = Some(kid.clone());
    public_jwk.common.key_algorithm = Some(KeyAlgorithm::EdDSA);
    public_jwk.common.public_key_use = Some(PublicKeyUse::Signature);
    let decoding_key = DecodingKey::from_jwk(&public_jwk).ok()?;
    Some((kid, SigningKey { encoding_key, decoding_key, public_jwk }))
}

fn refresh_key(secret: &Secret) -> Option<(String, RefreshKey)> {
    let secret = bytes(secret)?;
    let key = RefreshKey {
        encoding_key: EncodingKey::from_secret(&secret),
        decoding_key: DecodingKey::from_secret(&secret),
    };
    Some((fingerprint(&secret), key))
}

/// Returns an id for a secret that does not reveal it.
fn fingerprint(secret: &[u8]) -> String {
    let digest = Sha256::new_with_prefix(b"latchkey refresh key id").chain_update(secret).finalize();
    URL_SAFE_NO_PAD.encode(&digest[..8])
}

fn bytes(secret: &Secret) -> Option<Zeroizing<Vec<u8>>> {
    let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(secret.expose()).ok()?);
    (bytes.len() >= SECRET_BYTES).then_some(bytes)
}
