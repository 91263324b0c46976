//! Argon2id (RFC 9106) with 19 MiB, two passes and one lane, encoded as PHC strings.

use argon2_rust::params::Memory as MemoryCost;
use argon2_rust::{Algorithm, Argon2, Error, Hasher, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use std::borrow::Cow;
use std::fmt;
use subtle::ConstantTimeEq;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

const MEMORY_KIB: u64 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;

/// The parameters, checked at compile time.
const ARGON2: Argon2 = Argon2::new(
    Algorithm::Argon2id,
    Version::V0x13,
    Params::builder().memory(MemoryCost::kib(MEMORY_KIB)).passes(PASSES).lanes(LANES).build_or_panic(),
);

/// Memory block of a thread, reused by every hash; on huge pages where the system has them. It is allocated at the
/// first hash, so that an idle server stays small, and wiped after each.
pub struct Argon2Memory(Hasher);

impl Argon2Memory {
    pub(super) fn unallocated() -> Self {
        Self(ARGON2.hasher())
    }
}

/// A stored password hash: `$argon2id$v=19$m=…,t=…,p=…$salt$hash`. Its `Debug` output is redacted.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(Cow<'static, str>);

/// The hash that a password is compared to if there is no account: well-formed, and matched by no password.
pub const DUMMY_HASH: PasswordHash = PasswordHash(Cow::Borrowed(
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
));

impl PasswordHash {
    /// Restores a hash from the database.
    pub fn from_stored(text: String) -> Self {
        Self(text.into())
    }

    /// Returns the PHC string, for the database only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Hashes the password with this salt, which must be fresh. Fails if Argon2id cannot allocate its memory.
pub fn hash(
    password: &str,
    salt: &[u8; SALT_BYTES],
    memory: &mut Argon2Memory,
) -> Result<PasswordHash, Error> {
    let hash = derive(password, salt, memory)?;
    let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash));
    Ok(PasswordHash(format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${hash}").into()))
}

/// Returns whether the password matches, compared in constant time. A failed allocation is an error, so that it does
/// not look like a wrong password.
pub fn matches(password: &str, stored: &PasswordHash, memory: &mut Argon2Memory) -> Result<bool, Error> {
    let Some((salt, expected)) = parse(stored.expose()) else { return Ok(false) };
    Ok(derive(password, &salt, memory)?.ct_eq(&expected).into())
}

/// Parses the salt and the hash of a PHC string with the parameters of this module.
fn parse(phc: &str) -> Option<([u8; SALT_BYTES], [u8; HASH_BYTES])> {
    let ours = format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$");
    let (salt, hash) = phc.strip_prefix(&ours)?.split_once('$')?;
    let decode = |text: &str| STANDARD_NO_PAD.decode(text).ok();
    Some((decode(salt)?.try_into().ok()?, decode(hash)?.try_into().ok()?))
}

/// Derives the hash of the NFC form (RFC 8265 §4.2.2): keyboards encode the same Hangul or accent in different code
/// points.
fn derive(password: &str, salt: &[u8], memory: &mut Argon2Memory) -> Result<[u8; HASH_BYTES], Error> {
    let normalized = Zeroizing::new(password.nfc().collect::<String>());
    let mut hash = [0; HASH_BYTES];
    memory.0.hash_into(normalized.as_bytes(), salt, &mut hash)?;
    Ok(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_matches_its_password_and_no_other() {
        let mut memory = Argon2Memory::unallocated();
        let stored = hash("correct horse", &[7; 16], &mut memory).unwrap();
        assert!(stored.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$BwcHBwcHBwcHBwcHBwcHBw$"));
        assert!(matches("correct horse", &stored, &mut memory).unwrap());
        assert!(!matches("Correct horse", &stored, &mut memory).unwrap());
        assert!(!matches("", &stored, &mut memory).unwrap());
    }

    #[test]
    fn the_phc_string_is_what_other_libraries_read() {
        use argon2::password_hash::{PasswordVerifier, phc};
        let stored = hash("correct horse", &[7; 16], &mut Argon2Memory::unallocated()).unwrap();
        let parsed = phc::PasswordHash::new(stored.expose()).unwrap();
        let other = argon2::Argon2::default();
        assert!(other.verify_password(b"correct horse", &parsed).is_ok());
        assert!(other.verify_password(b"wrong horse", &parsed).is_err());
    }

    #[test]
    fn every_hash_uses_the_same_block_and_takes_it_only_when_needed() {
        let mut memory = Argon2Memory::unallocated();
        assert_eq!(memory.0.reserved_blocks(), 0);
        for password in ["one", "two"] {
            hash(password, &[7; 16], &mut memory).unwrap();
            assert_eq!(memory.0.reserved_blocks(), MEMORY_KIB as usize);
        }
    }

    /// Test vector of RFC 9106 §5.3.
    #[test]
    fn the_standards_own_example_comes_out() {
        let params = Params::builder().memory(MemoryCost::kib(32)).passes(3).lanes(4).build().unwrap();
        let mut hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hasher();
        let mut tag = [0; HASH_BYTES];
        hasher.hash_into_with_ad(&[1; 32], &[2; 16], &[3; 8], &[4; 12], &mut tag).unwrap();
        assert_eq!(
            tag,
            [
                0x0d, 0x64, 0x0d, 0xf5, 0x8d, 0x78, 0x76, 0x6c, 0x08, 0xc0, 0x37, 0xa3, 0x4a, 0x8b, 0x53,
                0xc9, 0xd0, 0x1e, 0xf0, 0x45, 0x2d, 0x75, 0xb6, 0x5e, 0xb5, 0x25, 0x20, 0xe9, 0x6b, 0x01,
                0xe6, 0x59
            ]
        );
    }

    /// All hashes share one memory block: what one leaves behind must not affect the next.
    #[test]
    fn another_implementation_comes_to_the_same_hashes() {
        let params = argon2::Params::new(MEMORY_KIB as u32, PASSES, LANES, Some(HASH_BYTES)).unwrap();
        let other = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
        let mut memory = Argon2Memory::unallocated();
        for length in [0, 1, 63, 64, 65, 127, 128, 129, 1000] {
            let (password, salt) = ("p".repeat(length), [length as u8; SALT_BYTES]);
            let mut expected = [0; HASH_BYTES];
            other.hash_password_into(password.as_bytes(), &salt, &mut expected).unwrap();
            assert_eq!(derive(&password, &salt, &mut memory).unwrap(), expected, "{length} bytes");
        }
    }

    #[test]
    fn hangul_matches_however_the_keyboard_composed_it() {
        let mut memory = Argon2Memory::unallocated();
        let stored = hash("한글비밀번호", &[1; 16], &mut memory).unwrap();
        let decomposed: String = "한글비밀번호".nfd().collect();
        assert_ne!(decomposed, "한글비밀번호");
        assert!(matches(&decomposed, &stored, &mut memory).unwrap());
    }

    #[test]
    fn a_damaged_hash_matches_nothing() {
        let mut memory = Argon2Memory::unallocated();
        for stored in ["", "$argon2id$", "plain", "$argon2i$v=19$m=19456,t=2,p=1$AAAA$AAAA"] {
            assert!(
                !matches("", &PasswordHash::from_stored(stored.into()), &mut memory).unwrap(),
                "{stored}"
            );
        }
    }

    #[test]
    fn the_dummy_hash_is_well_formed() {
        assert!(parse(DUMMY_HASH.expose()).is_some());
        assert!(!matches("", &DUMMY_HASH, &mut Argon2Memory::unallocated()).unwrap());
    }
}
