//! Signing keys with scheduled rotation, so that they can be changed without signing anyone out.

mod key_backup;
mod key_schedule;
mod parse;
mod rotate;
mod secrets_file;

pub use key_backup::{export as export_keys, import as import_keys, retire as retire_keys};
pub use rotate::{KeyRotation, KeyRotationError, rotate};
pub use secrets_file::KeyError;

use crate::config::Config;
use crate::platform::Randomness;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{DecodingKey, EncodingKey};
use key_schedule::KeySchedule;
use latchkey_shared::Timestamp;
use secrets_file::SecretsFile;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// An Ed25519 key, parsed once.
pub(super) struct SigningKey {
    pub encoding_key: EncodingKey,
    pub decoding_key: DecodingKey,
    pub public_jwk: Jwk,
}

/// The HMAC key of refresh tokens, parsed once.
pub(super) struct RefreshKey {
    pub encoding_key: EncodingKey,
    pub decoding_key: DecodingKey,
}

/// Snapshot of all keys.
pub(super) struct KeySet {
    pub access: KeySchedule<SigningKey>,
    pub refresh: KeySchedule<RefreshKey>,
}

/// The current keys and the file that they are reloaded from.
pub struct Keys {
    key_set: RwLock<Arc<KeySet>>,
    /// Number of reloads so far.
    version: AtomicU64,
    file: SecretsFile,
}

impl Keys {
    /// Loads the configured keys, and those of the data folder where none are configured; creates the file if it is
    /// missing.
    pub fn load(config: &Config, now: Timestamp, random: &dyn Randomness) -> Result<Self, KeyError> {
        let file = SecretsFile::of(config);
        let key_set = parse::key_set(config, || file.read_or_create(now, random))?;
        Ok(Self { key_set: RwLock::new(Arc::new(key_set)), version: AtomicU64::new(0), file })
    }

    /// Reloads the keys if the file in the data folder has changed since it was read. Returns whether it had.
    pub fn reload(&self, config: &Config) -> Result<bool, KeyError> {
        if !self.file.has_changed() {
            return Ok(false);
        }
        let key_set = parse::key_set(config, || self.file.read())?;
        *self.key_set.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(key_set);
        self.version.fetch_add(1, Ordering::Release);
        Ok(true)
    }

    /// Returns a number that changes with the keys. Read before the keys, it belongs to them or to older ones.
    pub(super) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    pub(super) fn key_set(&self) -> Arc<KeySet> {
        Arc::clone(&self.key_set.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns the ids of the active access keys and of the active refresh keys.
    pub fn active_kids(&self, now: Timestamp) -> [Vec<String>; 2] {
        let key_set = self.key_set();
        let named = |kids: &mut dyn Iterator<Item = &str>| kids.map(str::to_owned).collect();
        [named(&mut key_set.access.kids(now)), named(&mut key_set.refresh.kids(now))]
    }

    /// Returns the public keys to publish: the one that signs, the next one, and those whose tokens are still valid
    /// (RFC 7517 §5).
    pub fn jwks(&self, now: Timestamp) -> JwkSet {
        JwkSet { keys: self.key_set().access.active(now).map(|key| key.public_jwk.clone()).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::from_pairs;
    use crate::platform::OsRandomness;
    use crate::tokens::{AccessTokenInput, AccessTokens, RefreshTokens, Verifier, VerifyError};
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;
    use std::time::Duration;
    use uuid::Uuid;

    const START: Timestamp = Timestamp::from_seconds(1_700_000_000);
    const MINUTE: Duration = Duration::from_secs(60);
    const LEAD: Duration = Duration::from_secs(600);

    fn config(folder: &Path, more: &[(&str, &str)]) -> Config {
        let folder = ("LATCHKEY_DATA_DIR", folder.to_str().unwrap());
        let pairs = [folder].into_iter().chain(more.iter().copied());
        from_pairs(None, pairs.map(|(name, value)| (name.to_owned(), value.to_owned()))).unwrap()
    }

    fn load(config: &Config) -> Result<Arc<Keys>, KeyError> {
        Keys::load(config, START, &OsRandomness).map(Arc::new)
    }

    fn kids(keys: &Keys, now: Timestamp) -> Vec<String> {
        keys.jwks(now).keys.into_iter().filter_map(|key| key.common.key_id).collect()
    }

    fn access_token(config: &Config, keys: &Arc<Keys>, now: Timestamp) -> String {
        let input = AccessTokenInput {
            account_id: Uuid::nil(),
            session_id: Uuid::nil(),
            generation: 0,
            roles: Vec::new(),
            authenticated_at: now,
        };
        let tokens = AccessTokens::new(config, Arc::clone(keys));
        tokens.issue(input, now, &OsRandomness).unwrap().token.expose().to_owned()
    }

    #[test]
    fn the_first_start_makes_secrets_for_their_owner_alone_and_the_next_one_finds_them() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path(), &[]);
        let first = load(&config).unwrap();
        let mode = std::fs::metadata(folder.path().join("secrets.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(kids(&first, START), kids(&load(&config).unwrap(), START));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn another_folder_has_other_secrets() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (one, other) =
            (load(&config(one.path(), &[])).unwrap(), load(&config(other.path(), &[])).unwrap());
        assert_ne!(kids(&one, START), kids(&other, START));
    }

    #[test]
    fn a_damaged_file_stops_the_start_and_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let short = r#"{"secret":"AAAA","signs_from":"2026-01-01T00:00:00Z"}"#;
        for text in [
            "",
            "{}",
            r#"{"signing":[],"refresh":[]}"#,
            &format!(r#"{{"signing":[{short}],"refresh":[{short}]}}"#),
        ] {
            std::fs::write(folder.path().join("secrets.json"), text).unwrap();
            let error = load(&config(folder.path(), &[])).err().unwrap().to_string();
            assert!(error.contains("damaged"), "{error}");
        }
    }

    #[test]
    fn a_rotation_publishes_the_new_key_before_it_signs_and_keeps_the_old_one_until_its_last_token_ends() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path(), &[]);
        let keys = load(&config).unwrap();
        let verifier = Verifier::new(&config, Arc::clone(&keys));
        let old = kids(&keys, START);
        let rotated = rotate(&config, LEAD, START, &OsRandomness).unwrap();
        assert!(keys.reload(&config).unwrap(), "a running server takes the new keys over");
        assert!(!keys.reload(&config).unwrap(), "and then there is nothing new");

        let both = kids(&keys, START);
        assert_eq!(both.len(), 2);
        assert!(both.contains(&rotated.kid) && both.contains(&old[0]));
        let kid_at = |now| {
            let token = access_token(&config, &keys, now);
            assert!(verifier.verify(&token, now).is_ok());
            jsonwebtoken::decode_header(token).unwrap().kid.unwrap()
        };
        let signs_from = START + LEAD;
        assert_eq!(kid_at(signs_from - Duration::from_millis(1)), old[0]);
        assert_eq!(kid_at(signs_from), rotated.kid);

        // The last token of the old key stays valid for its full lifetime, verified by a server that has not cached it.
        let last = access_token(&config, &keys, signs_from - Duration::from_millis(1));
        let nearly = signs_from + config.tokens.access_lifetime - Duration::from_secs(2);
        let other_server = Verifier::new(&config, load(&config).unwrap());
        assert!(other_server.verify(&last, nearly).is_ok());

        let retired = rotated.access_retires_at;
        assert_eq!(kids(&keys, retired - Duration::from_millis(1)).len(), 2);
        assert_eq!(kids(&keys, retired), [rotated.kid]);
        let third_server = Verifier::new(&config, load(&config).unwrap());
        assert_eq!(third_server.verify(&last, retired).unwrap_err(), VerifyError::Invalid);
    }

    #[test]
    fn a_refresh_token_outlives_the_rotation_of_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path(), &[]);
        let keys = load(&config).unwrap();
        let tokens = RefreshTokens::new(&config, Arc::clone(&keys));
        let ends_at = START + config.sessions.absolute;
        let old = tokens.issue(Uuid::nil(), Uuid::nil(), 3, START, ends_at).unwrap();
        rotate(&config, LEAD, START, &OsRandomness).unwrap();
        keys.reload(&config).unwrap();
        let late = ends_at - Duration::from_secs(2);
        assert_eq!(tokens.read(&old, late).unwrap().generation, 3);
        let new = tokens.issue(Uuid::nil(), Uuid::nil(), 4, START + LEAD, ends_at).unwrap();
        assert_eq!(tokens.read(&new, late).unwrap().generation, 4);
        let name = |token: &latchkey_shared::Secret| jsonwebtoken::decode_header(token.expose()).unwrap().kid;
        assert_ne!(name(&old), name(&new));
    }

    #[test]
    fn keys_that_have_retired_are_forgotten_at_the_next_rotation() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path(), &[]);
        load(&config).unwrap();
        let mut now = START;
        for _ in 0..20 {
            rotate(&config, LEAD, now, &OsRandomness).unwrap();
            now = now + Duration::from_secs(30 * 24 * 3600);
        }
        let text = std::fs::read_to_string(folder.path().join("secrets.json")).unwrap();
        // Access keys: the current one and the new one. Refresh keys: those of the last 90 days as well.
        assert_eq!(text.matches("\"secret\"").count(), 2 + 5, "{}", text.matches("\"secret\"").count());
    }

    #[test]
    fn one_rotation_waits_for_the_other() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path(), &[]);
        rotate(&config, LEAD, START, &OsRandomness).unwrap();
        let second = rotate(&config, LEAD, START + MINUTE, &OsRandomness).unwrap_err();
        assert!(matches!(second, KeyRotationError::Waiting(at) if at == START + LEAD));
        let hasty = rotate(&config, Duration::from_secs(9), START + LEAD, &OsRandomness).unwrap_err();
        assert!(hasty.to_string().contains("10s"), "{hasty}");
    }

    // The key of RFC 8410 §10.3, and another one made for this test.
    const ONE: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
    const TWO: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJ\n-----END PRIVATE KEY-----\n";

    #[test]
    fn configured_keys_need_no_folder_and_take_turns_as_they_stand() {
        let folder = tempfile::tempdir().unwrap();
        let secret = |byte| URL_SAFE_NO_PAD.encode([byte; 32]);
        let with = |pems: &str, secrets: &str| {
            config(
                folder.path(),
                &[("LATCHKEY_TOKENS__SIGNING_KEY", pems), ("LATCHKEY_TOKENS__REFRESH_SECRET", secrets)],
            )
        };
        let alone = with(ONE, &secret(1));
        let followed = with(&format!("{ONE}{TWO}"), &format!("{} {}", secret(1), secret(2)));
        let turned = with(&format!("{TWO}{ONE}"), &format!("{}\n{}", secret(2), secret(1)));
        let before = access_token(&alone, &load(&alone).unwrap(), START);
        for config in [&followed, &turned] {
            let keys = load(config).unwrap();
            assert_eq!(kids(&keys, START).len(), 2);
            assert!(Verifier::new(config, Arc::clone(&keys)).verify(&before, START).is_ok());
        }
        let kid = |config: &Config| {
            jsonwebtoken::decode_header(access_token(config, &load(config).unwrap(), START)).unwrap().kid
        };
        assert_eq!(kid(&followed), kid(&alone));
        assert_ne!(kid(&turned), kid(&alone));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        assert!(matches!(rotate(&alone, LEAD, START, &OsRandomness), Err(KeyRotationError::Configured(_))));
    }

    #[test]
    fn configured_keys_that_are_none_stop_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let wrong = config(folder.path(), &[("LATCHKEY_TOKENS__SIGNING_KEY", "secret")]);
        assert!(matches!(load(&wrong), Err(KeyError::SigningKey)));
        let short = config(folder.path(), &[("LATCHKEY_TOKENS__REFRESH_SECRET", "c2hvcnQ")]);
        assert!(matches!(load(&short), Err(KeyError::RefreshSecret)));
    }
}
