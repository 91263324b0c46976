//! Nonces for DPoP proofs (RFC 9449 §8): signed server times, so that the client's clock does not matter. They are
//! stateless: any server with the same secret recognises a nonce, also after a restart.

use super::keys::Keys;
use crate::platform::SKEW;
use jsonwebtoken::Algorithm;
use jsonwebtoken::crypto::{sign, verify};
use jsonwebtoken::errors::{Error, ErrorKind};
use latchkey_shared::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// Validity of a nonce.
pub(super) const LIFETIME: Duration = Duration::from_secs(5 * 60);

/// Issues and verifies nonces.
pub(super) struct NonceIssuer {
    keys: Arc<Keys>,
}

impl NonceIssuer {
    /// Creates an issuer that signs with the secret of the refresh tokens.
    pub fn new(keys: Arc<Keys>) -> Self {
        Self { keys }
    }

    /// Returns a nonce that carries the current time.
    pub fn issue(&self, now: Timestamp) -> Result<String, Error> {
        let key_set = self.keys.key_set();
        let scheduled = key_set.refresh.signing(now).ok_or(ErrorKind::InvalidKeyFormat)?;
        let time = now.as_millis().to_string();
        Ok(format!("{time}.{}", sign(&message(&time), &scheduled.key.encoding_key, Algorithm::HS256)?))
    }

    /// Returns the time at which this nonce was issued, or `None` if it is invalid or expired.
    pub fn issued_at(&self, nonce: &str, now: Timestamp) -> Option<Timestamp> {
        let (time, signature) = nonce.split_once('.')?;
        let issued_at = Timestamp::from_millis(time.parse().ok()?);
        if now >= issued_at + LIFETIME || issued_at > now + SKEW {
            return None;
        }
        let (key_set, message) = (self.keys.key_set(), message(time));
        let mut keys = key_set.refresh.active(now);
        let is_of = |decoding_key| {
            verify(signature, &message, decoding_key, Algorithm::HS256).is_ok_and(|is_good| is_good)
        };
        keys.any(|key| is_of(&key.decoding_key)).then_some(issued_at)
    }
}

/// Returns the message to sign. It contains spaces, which no token's text does: a nonce cannot pass as part of a token,
/// nor a token as a nonce.
fn message(time: &str) -> Vec<u8> {
    format!("latchkey dpop nonce {time}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::from_pairs;
    use crate::platform::OsRandomness;

    const START: Timestamp = Timestamp::from_seconds(1_700_000_000);
    const MILLISECOND: Duration = Duration::from_millis(1);

    fn nonces(secret: &str) -> NonceIssuer {
        let folder = tempfile::tempdir().unwrap();
        let settings = [
            ("LATCHKEY_DATA_DIR", folder.path().to_str().unwrap()),
            ("LATCHKEY_TOKENS__REFRESH_SECRET", secret),
        ];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let config = from_pairs(None, settings).unwrap();
        NonceIssuer::new(Arc::new(Keys::load(&config, START, &OsRandomness).unwrap()))
    }

    fn secret(letter: &str) -> String {
        letter.repeat(43)
    }

    #[test]
    fn a_nonce_is_good_for_five_minutes_and_for_a_server_whose_clock_is_a_minute_behind() {
        let nonces = nonces(&secret("A"));
        let nonce = nonces.issue(START).unwrap();
        for (now, is_good) in [
            (START - SKEW - MILLISECOND, false),
            (START - SKEW, true),
            (START, true),
            (START + LIFETIME - MILLISECOND, true),
            (START + LIFETIME, false),
        ] {
            assert_eq!(nonces.issued_at(&nonce, now), is_good.then_some(START), "{now}");
        }
    }

    #[test]
    fn whoever_has_the_secret_recognises_a_nonce_and_nobody_else_does() {
        let nonce = nonces(&secret("A")).issue(START).unwrap();
        assert_eq!(nonces(&secret("A")).issued_at(&nonce, START), Some(START));
        // The order of the secrets does not matter: the first one signs, all are accepted.
        for both in [format!("{} {}", secret("A"), secret("E")), format!("{} {}", secret("E"), secret("A"))] {
            assert_eq!(nonces(&both).issued_at(&nonce, START), Some(START));
        }
        assert_eq!(nonces(&secret("E")).issued_at(&nonce, START), None);
    }

    #[test]
    fn a_nonce_with_anything_changed_is_none() {
        let nonces = nonces(&secret("A"));
        let nonce = nonces.issue(START).unwrap();
        let (time, signature) = nonce.split_once('.').unwrap();
        let later = (START + MILLISECOND).as_millis();
        for other in [
            String::new(),
            ".".to_owned(),
            time.to_owned(),
            format!("{time}."),
            format!("{later}.{signature}"),
            format!("+{nonce}"),
            format!("0{nonce}"),
            format!("{nonce}="),
            format!("{nonce}.{signature}"),
            format!("{time}.{}", &signature[1..]),
        ] {
            assert_eq!(nonces.issued_at(&other, START), None, "{other}");
        }
    }
}
