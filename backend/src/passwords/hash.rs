//! Argon2id with 19 MiB, two passes and one lane, written as PHC strings.

use super::pool::Memory;
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use std::borrow::Cow;
use std::fmt;
use subtle::ConstantTimeEq;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;

/// How many kibibytes of memory one hash takes.
pub const BLOCKS: usize = MEMORY_KIB as usize;

/// A stored password: `$argon2id$v=19$m=…,t=…,p=…$salt$hash`. It does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(Cow<'static, str>);

/// What a password is compared to when there is no account: well-formed, and matched by nothing.
pub const DECOY: PasswordHash = PasswordHash(Cow::Borrowed(
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
));

impl PasswordHash {
    /// The hash as the database keeps it.
    pub fn from_stored(text: String) -> Self {
        Self(text.into())
    }

    /// The PHC string, for the database alone.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Hashes with a fresh salt.
pub fn hash(
    password: &str,
    salt: &[u8; SALT_BYTES],
    memory: &mut Memory,
) -> Result<PasswordHash, argon2::Error> {
    let hash = derive(password, salt, memory)?;
    let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash));
    Ok(PasswordHash(format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${hash}").into()))
}

/// Whether the password is the one that was hashed; compared in constant time.
pub fn matches(password: &str, stored: &PasswordHash, memory: &mut Memory) -> bool {
    let Some((salt, expected)) = parse(stored.expose()) else { return false };
    derive(password, &salt, memory).is_ok_and(|hash| bool::from(hash.ct_eq(&expected)))
}

/// The salt and the hash of a PHC string with our parameters.
fn parse(phc: &str) -> Option<([u8; SALT_BYTES], [u8; HASH_BYTES])> {
    let ours = format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$");
    let (salt, hash) = phc.strip_prefix(&ours)?.split_once('$')?;
    let decode = |text: &str| STANDARD_NO_PAD.decode(text).ok();
    Some((decode(salt)?.try_into().ok()?, decode(hash)?.try_into().ok()?))
}

/// Two keyboards may write the same Hangul or accent in different code points; NFC makes them one (RFC 8265 §4.2.2).
fn derive(password: &str, salt: &[u8], memory: &mut Memory) -> Result<[u8; HASH_BYTES], argon2::Error> {
    let normalized = Zeroizing::new(password.nfc().collect::<String>());
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(HASH_BYTES))?;
    let mut hash = [0; HASH_BYTES];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into_with_memory(
        normalized.as_bytes(),
        salt,
        &mut hash,
        memory,
    )?;
    Ok(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_matches_its_password_and_no_other() {
        let mut memory = Memory::allocate();
        let stored = hash("correct horse", &[7; 16], &mut memory).unwrap();
        assert!(stored.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$BwcHBwcHBwcHBwcHBwcHBw$"));
        assert!(matches("correct horse", &stored, &mut memory));
        assert!(!matches("Correct horse", &stored, &mut memory));
        assert!(!matches("", &stored, &mut memory));
    }

    #[test]
    fn the_phc_string_is_what_other_libraries_read() {
        use argon2::password_hash::{PasswordVerifier, phc};
        let stored = hash("correct horse", &[7; 16], &mut Memory::allocate()).unwrap();
        let parsed = phc::PasswordHash::new(stored.expose()).unwrap();
        assert!(Argon2::default().verify_password(b"correct horse", &parsed).is_ok());
        assert!(Argon2::default().verify_password(b"wrong horse", &parsed).is_err());
    }

    #[test]
    fn hangul_matches_however_the_keyboard_composed_it() {
        let mut memory = Memory::allocate();
        let stored = hash("한글비밀번호", &[1; 16], &mut memory).unwrap();
        let decomposed: String = "한글비밀번호".nfd().collect();
        assert_ne!(decomposed, "한글비밀번호");
        assert!(matches(&decomposed, &stored, &mut memory));
    }

    #[test]
    fn a_damaged_hash_matches_nothing() {
        let mut memory = Memory::allocate();
        for stored in ["", "$argon2id$", "plain", "$argon2i$v=19$m=19456,t=2,p=1$AAAA$AAAA"] {
            assert!(!matches("", &PasswordHash::from_stored(stored.into()), &mut memory), "{stored}");
        }
    }

    #[test]
    fn the_decoy_is_well_formed() {
        assert!(parse(DECOY.expose()).is_some());
        assert!(!matches("", &DECOY, &mut Memory::allocate()));
    }
}
