//! What tokens are signed with. Made at the first start, kept in the data folder for its owner's eyes alone.

use crate::config::Config;
use crate::platform::Randomness;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{Jwk, KeyAlgorithm, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use latchkey_shared::Secret;
use serde::{Deserialize, Serialize};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const FILE: &str = "secrets.json";
const REFRESH_SECRET_BYTES: usize = 32;

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
    #[error("tokens.signing_key: expected an Ed25519 private key in PKCS#8 PEM")]
    SigningKey,
    /// The configured secret is too short to be one.
    #[error(
        "tokens.refresh_secret: expected at least {REFRESH_SECRET_BYTES} random bytes in base64url, without padding"
    )]
    RefreshSecret,
}

/// What the data folder keeps.
#[derive(Serialize, Deserialize)]
struct Stored {
    /// The seed of the Ed25519 key (RFC 8032 §5.1.5), base64url.
    signing_seed: Secret,
    /// The HMAC key of refresh tokens, base64url.
    refresh_secret: Secret,
}

/// The keys, parsed once.
pub struct Keys {
    pub(super) kid: String,
    pub(super) signing: EncodingKey,
    pub(super) checking: DecodingKey,
    pub(super) public: Jwk,
    pub(super) refresh_kid: String,
    pub(super) refresh_signing: EncodingKey,
    pub(super) refresh_checking: DecodingKey,
}

impl Keys {
    /// Takes the configured secrets, and the data folder's where none are configured.
    pub fn load(config: &Config, random: &dyn Randomness) -> Result<Self, KeyError> {
        let configured = (&config.tokens.signing_key, &config.tokens.refresh_secret);
        let stored = match configured {
            (Some(_), Some(_)) => None,
            _ => Some(read_or_make(&config.data_dir, random)?),
        };
        let damaged = || KeyError::Damaged(config.data_dir.join(FILE));
        let signing = match (configured.0, &stored) {
            (Some(pem), _) => {
                EncodingKey::from_ed_pem(pem.expose().as_bytes()).map_err(|_| KeyError::SigningKey)?
            }
            (None, Some(stored)) => from_seed(&stored.signing_seed).ok_or_else(damaged)?,
            (None, None) => return Err(KeyError::SigningKey),
        };
        let refresh = match (configured.1, &stored) {
            (Some(secret), _) => bytes(secret).ok_or(KeyError::RefreshSecret)?,
            (None, Some(stored)) => bytes(&stored.refresh_secret).ok_or_else(damaged)?,
            (None, None) => return Err(KeyError::RefreshSecret),
        };
        Self::parse(signing, &refresh).map_err(|_| KeyError::SigningKey)
    }

    fn parse(signing: EncodingKey, refresh: &[u8]) -> Result<Self, jsonwebtoken::errors::Error> {
        let mut public = Jwk::from_encoding_key(&signing, Algorithm::EdDSA)?;
        // RFC 7638: the id is the public key's own thumbprint, so it is the same on every server that has the key.
        let kid = public.thumbprint(ThumbprintHash::SHA256)?;
        public.common.key_id = Some(kid.clone());
        public.common.key_algorithm = Some(KeyAlgorithm::EdDSA);
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        Ok(Self {
            kid,
            signing,
            checking: DecodingKey::from_jwk(&public)?,
            public,
            refresh_kid: fingerprint(refresh),
            refresh_signing: EncodingKey::from_secret(refresh),
            refresh_checking: DecodingKey::from_secret(refresh),
        })
    }
}

/// Names a secret without telling it.
fn fingerprint(secret: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    let digest = Sha256::new_with_prefix(b"latchkey refresh key id").chain_update(secret).finalize();
    URL_SAFE_NO_PAD.encode(&digest[..8])
}

fn bytes(secret: &Secret) -> Option<Zeroizing<Vec<u8>>> {
    let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(secret.expose().trim()).ok()?);
    (bytes.len() >= REFRESH_SECRET_BYTES).then_some(bytes)
}

/// An Ed25519 key of its seed: PKCS#8 around it is always the same sixteen bytes (RFC 8410 §7).
fn from_seed(seed: &Secret) -> Option<EncodingKey> {
    const PKCS8: [u8; 16] = [48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];
    let seed = bytes(seed).filter(|seed| seed.len() == 32)?;
    let der = Zeroizing::new([PKCS8.as_slice(), &seed].concat());
    Some(EncodingKey::from_ed_der(&der))
}

fn read_or_make(data_dir: &Path, random: &dyn Randomness) -> Result<Stored, KeyError> {
    let file = data_dir.join(FILE);
    let failed = |source| KeyError::File { file: file.clone(), source };
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => make(&file, random).map_err(failed)?,
        Err(error) => return Err(failed(error)),
    };
    let text = Zeroizing::new(text);
    serde_json::from_str(&text).map_err(|_| KeyError::Damaged(file))
}

/// Writes fresh secrets. Of two servers that start at once in one folder, one writes and both read the same.
fn make(file: &Path, random: &dyn Randomness) -> std::io::Result<String> {
    let fresh = || Secret::from(URL_SAFE_NO_PAD.encode(random.bytes::<32>()));
    let stored = Stored { signing_seed: fresh(), refresh_secret: fresh() };
    let text = Zeroizing::new(serde_json::to_string_pretty(&stored)?);
    let draft = file.with_extension(format!("{}.new", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    let mut draft_file = options.write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    draft_file.write_all(text.as_bytes())?;
    draft_file.sync_all()?;
    // A link never replaces what is there: the first server wins.
    let linked = std::fs::hard_link(&draft, file);
    std::fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => std::fs::read_to_string(file),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::from_pairs;
    use crate::platform::OsRandomness;
    use std::os::unix::fs::PermissionsExt as _;

    fn config(folder: &Path, more: &[(&str, &str)]) -> Config {
        let folder = ("LATCHKEY_DATA_DIR", folder.to_str().unwrap());
        let pairs = [folder].into_iter().chain(more.iter().copied());
        from_pairs(None, pairs.map(|(name, value)| (name.to_owned(), value.to_owned()))).unwrap()
    }

    #[test]
    fn the_first_start_makes_secrets_for_their_owner_alone_and_the_next_one_finds_them() {
        let folder = tempfile::tempdir().unwrap();
        let first = Keys::load(&config(folder.path(), &[]), &OsRandomness).unwrap();
        let mode = std::fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let second = Keys::load(&config(folder.path(), &[]), &OsRandomness).unwrap();
        assert_eq!((first.kid, first.refresh_kid), (second.kid, second.refresh_kid));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn another_folder_has_other_secrets() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let one = Keys::load(&config(one.path(), &[]), &OsRandomness).unwrap();
        let other = Keys::load(&config(other.path(), &[]), &OsRandomness).unwrap();
        assert_ne!(one.kid, other.kid);
        assert_ne!(one.refresh_kid, other.refresh_kid);
    }

    #[test]
    fn a_damaged_file_stops_the_start_and_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        for text in ["", "{}", r#"{"signing_seed":"AAAA","refresh_secret":"AAAA"}"#] {
            std::fs::write(folder.path().join(FILE), text).unwrap();
            let error = Keys::load(&config(folder.path(), &[]), &OsRandomness).err().unwrap().to_string();
            assert!(error.contains("damaged"), "{error}");
        }
    }

    #[test]
    fn configured_secrets_need_no_folder() {
        // RFC 8410 §10.3
        const PEM: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
        let folder = tempfile::tempdir().unwrap();
        let secret = URL_SAFE_NO_PAD.encode([9; 32]);
        let more =
            [("LATCHKEY_TOKENS__SIGNING_KEY", PEM), ("LATCHKEY_TOKENS__REFRESH_SECRET", secret.as_str())];
        assert!(Keys::load(&config(folder.path(), &more), &OsRandomness).is_ok());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        let wrong = [("LATCHKEY_TOKENS__SIGNING_KEY", "secret")];
        assert!(matches!(
            Keys::load(&config(folder.path(), &wrong), &OsRandomness),
            Err(KeyError::SigningKey)
        ));
        let short = [("LATCHKEY_TOKENS__REFRESH_SECRET", "c2hvcnQ")];
        assert!(matches!(
            Keys::load(&config(folder.path(), &short), &OsRandomness),
            Err(KeyError::RefreshSecret)
        ));
    }
}
