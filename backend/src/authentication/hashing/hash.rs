//! Argon2id (RFC 9106), encoded as PHC strings. A stored hash is verified with its own parameters.

use crate::config::HashCost;
use argon2_rust::params::{Memory as MemoryCost, TagLen};
use argon2_rust::{Algorithm, Argon2, Error, Hasher, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use std::fmt;
use subtle::ConstantTimeEq;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;
/// Lengths of the salts and hashes of other programs that are verified.
const SALT_LENGTHS: std::ops::RangeInclusive<usize> = 8..=64;
const HASH_LENGTHS: std::ops::RangeInclusive<usize> = 16..=64;

/// Beginning of the PHC strings that can be verified: algorithm and version.
const ARGON2ID: &str = "$argon2id$v=19$";

/// Error of a verification.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// The stored text is no hash that this version can verify. The password may be right or wrong.
    #[error("the stored hash is of a kind that this version does not understand")]
    Unknown,
    /// Argon2id cannot allocate its memory.
    #[error("hashing failed: {0}")]
    Argon2(#[from] Error),
}

/// Result of comparing a password to a stored hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verification {
    /// The password is another one.
    Mismatch,
    /// The password is the stored one.
    Match {
        /// False if the hash was made with other parameters than those of the settings.
        is_current: bool,
    },
}

/// Memory block of a thread for the cost of the settings, reused by every hash; on huge pages where the system has them.
/// It is allocated at the first hash, so that an idle server stays small, and wiped after each.
pub struct Argon2Memory {
    cost: HashCost,
    hasher: Hasher,
}

impl Argon2Memory {
    /// Prepares the block without allocating it. Fails if Argon2id does not allow this cost.
    pub(super) fn unallocated(cost: HashCost) -> Result<Self, Error> {
        Ok(Self { cost, hasher: argon2id(cost, HASH_BYTES)?.hasher() })
    }
}

fn argon2id(cost: HashCost, hash_length: usize) -> Result<Argon2, Error> {
    let HashCost { memory_kib, passes, lanes } = cost;
    let params = Params::builder()
        .memory(MemoryCost::kib(memory_kib.into()))
        .passes(passes)
        .lanes(lanes)
        // The pool has the threads: one hash takes one of them.
        .threads(1)
        .tag_len(TagLen::bytes(hash_length as u64))
        .build()?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// A stored password hash: `$argon2id$v=19$m=…,t=…,p=…$salt$hash`. Its `Debug` output is redacted.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Restores a hash from the database.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// Returns the PHC string, for the database only.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Returns the hash that a password is compared to if there is no account: well-formed, as expensive as a real one,
    /// and matched by no password.
    pub(super) fn dummy(cost: HashCost) -> Self {
        Self::encode(cost, &[0; SALT_BYTES], &[0; HASH_BYTES])
    }

    fn encode(cost: HashCost, salt: &[u8], hash: &[u8]) -> Self {
        let HashCost { memory_kib, passes, lanes } = cost;
        let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash));
        Self(format!("{ARGON2ID}m={memory_kib},t={passes},p={lanes}${salt}${hash}"))
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
    let mut hash = [0; HASH_BYTES];
    memory.hasher.hash_into(normalized(password).as_bytes(), salt, &mut hash)?;
    Ok(PasswordHash::encode(memory.cost, salt, &hash))
}

/// Verifies the password against the stored hash, in constant time. A failed allocation and a hash of an unknown kind
/// are errors, so that they do not look like a wrong password.
pub fn verify(
    password: &str,
    stored: &PasswordHash,
    memory: &mut Argon2Memory,
) -> Result<Verification, HashError> {
    let Phc { cost, salt, hash: expected } = parse(stored.expose()).ok_or(HashError::Unknown)?;
    let is_current = cost == memory.cost && salt.len() == SALT_BYTES && expected.len() == HASH_BYTES;
    let mut hash = vec![0; expected.len()];
    let password = normalized(password);
    if is_current {
        memory.hasher.hash_into(password.as_bytes(), &salt, &mut hash)?;
    } else {
        // Happens once for each hash: after it a current one replaces it.
        argon2id(cost, expected.len())?.hash_into(password.as_bytes(), &salt, &mut hash)?;
    }
    match hash.ct_eq(&expected).into() {
        true => Ok(Verification::Match { is_current }),
        false => Ok(Verification::Mismatch),
    }
}

/// The parts of a PHC string.
#[derive(Debug, PartialEq, Eq)]
struct Phc {
    cost: HashCost,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

/// Parses a PHC string. Its cost must be one that the settings allow: otherwise one row could occupy a thread for long.
fn parse(phc: &str) -> Option<Phc> {
    let mut parts = phc.strip_prefix(ARGON2ID)?.split('$');
    let (cost, salt, hash) = (parts.next()?, parts.next()?, parts.next()?);
    let decode = |text: &str| STANDARD_NO_PAD.decode(text).ok();
    let phc = Phc { cost: parse_cost(cost)?, salt: decode(salt)?, hash: decode(hash)? };
    let is_allowed = parts.next().is_none()
        && phc.cost.check().is_ok()
        && SALT_LENGTHS.contains(&phc.salt.len())
        && HASH_LENGTHS.contains(&phc.hash.len());
    is_allowed.then_some(phc)
}

/// Parses `m=…,t=…,p=…`.
fn parse_cost(text: &str) -> Option<HashCost> {
    let mut parts = text.split(',');
    let mut number = |name: &str| parts.next()?.strip_prefix(name)?.strip_prefix('=')?.parse().ok();
    let cost = HashCost { memory_kib: number("m")?, passes: number("t")?, lanes: number("p")? };
    parts.next().is_none().then_some(cost)
}

/// Returns the NFC form (RFC 8265 §4.2.2): keyboards encode the same Hangul or accent in different code points.
fn normalized(password: &str) -> Zeroizing<String> {
    Zeroizing::new(password.nfc().collect())
}

/// Compares this implementation, on this processor, with the test vector of RFC 9106 §5.3, and for `input` with a second
/// implementation. Returns whether both agree.
pub fn self_test(input: &[u8; 32]) -> bool {
    standard_vector() == Ok(STANDARD_TAG) && agrees_with_second_implementation(input) == Some(true)
}

const STANDARD_TAG: [u8; 32] = [
    0x0d, 0x64, 0x0d, 0xf5, 0x8d, 0x78, 0x76, 0x6c, 0x08, 0xc0, 0x37, 0xa3, 0x4a, 0x8b, 0x53, 0xc9, 0xd0,
    0x1e, 0xf0, 0x45, 0x2d, 0x75, 0xb6, 0x5e, 0xb5, 0x25, 0x20, 0xe9, 0x6b, 0x01, 0xe6, 0x59,
];

fn standard_vector() -> Result<[u8; 32], Error> {
    let cost = HashCost { memory_kib: 32, passes: 3, lanes: 4 };
    let mut tag = [0; 32];
    argon2id(cost, tag.len())?.hasher().hash_into_with_ad(&[1; 32], &[2; 16], &[3; 8], &[4; 12], &mut tag)?;
    Ok(tag)
}

/// Small enough that the start does not take longer for it, and large enough for every path through the vector code.
const SELF_TEST_COST: HashCost = HashCost { memory_kib: 256, passes: 2, lanes: 1 };

fn agrees_with_second_implementation(input: &[u8; 32]) -> Option<bool> {
    let (password, salt) = input.split_at(16);
    let HashCost { memory_kib, passes, lanes } = SELF_TEST_COST;
    let params = argon2::Params::new(memory_kib, passes, lanes, Some(HASH_BYTES)).ok()?;
    let second = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let (mut one, mut other) = ([0; HASH_BYTES], [0; HASH_BYTES]);
    argon2id(SELF_TEST_COST, HASH_BYTES).ok()?.hash_into(password, salt, &mut one).ok()?;
    second.hash_password_into(password, salt, &mut other).ok()?;
    Some(one == other)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COST: HashCost = HashCost::DEFAULT;

    fn memory() -> Argon2Memory {
        Argon2Memory::unallocated(COST).unwrap()
    }

    fn matches(password: &str, stored: &PasswordHash, memory: &mut Argon2Memory) -> bool {
        verify(password, stored, memory).unwrap() == Verification::Match { is_current: true }
    }

    #[test]
    fn a_hash_matches_its_password_and_no_other() {
        let mut memory = memory();
        let stored = hash("correct horse", &[7; 16], &mut memory).unwrap();
        assert!(stored.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$BwcHBwcHBwcHBwcHBwcHBw$"));
        assert!(matches("correct horse", &stored, &mut memory));
        assert!(!matches("Correct horse", &stored, &mut memory));
        assert!(!matches("", &stored, &mut memory));
    }

    #[test]
    fn the_phc_string_is_what_other_libraries_read() {
        use argon2::password_hash::{PasswordVerifier, phc};
        let stored = hash("correct horse", &[7; 16], &mut memory()).unwrap();
        let parsed = phc::PasswordHash::new(stored.expose()).unwrap();
        let other = argon2::Argon2::default();
        assert!(other.verify_password(b"correct horse", &parsed).is_ok());
        assert!(other.verify_password(b"wrong horse", &parsed).is_err());
    }

    #[test]
    fn every_hash_uses_the_same_block_and_takes_it_only_when_needed() {
        let mut memory = memory();
        assert_eq!(memory.hasher.reserved_blocks(), 0);
        for password in ["one", "two"] {
            hash(password, &[7; 16], &mut memory).unwrap();
            assert_eq!(memory.hasher.reserved_blocks(), COST.memory_kib as usize);
        }
    }

    /// Test vector of RFC 9106 §5.3.
    #[test]
    fn the_standards_own_example_comes_out() {
        assert_eq!(standard_vector(), Ok(STANDARD_TAG));
    }

    #[test]
    fn the_self_test_agrees_with_the_second_implementation() {
        for input in [[0; 32], [7; 32], std::array::from_fn(|at| at as u8)] {
            assert!(self_test(&input));
        }
    }

    /// All hashes share one memory block: what one leaves behind must not affect the next.
    #[test]
    fn another_implementation_comes_to_the_same_hashes() {
        let params = argon2::Params::new(COST.memory_kib, COST.passes, COST.lanes, Some(HASH_BYTES)).unwrap();
        let other = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
        let mut memory = memory();
        for length in [0, 1, 63, 64, 65, 127, 128, 129, 1000] {
            let (password, salt) = ("p".repeat(length), [length as u8; SALT_BYTES]);
            let mut expected = [0; HASH_BYTES];
            other.hash_password_into(password.as_bytes(), &salt, &mut expected).unwrap();
            let stored = hash(&password, &salt, &mut memory).unwrap();
            assert_eq!(stored, PasswordHash::encode(COST, &salt, &expected), "{length} bytes");
        }
    }

    #[test]
    fn a_hash_is_verified_with_its_own_parameters() {
        let mut memory = memory();
        for (memory_kib, passes, lanes, salt_length, hash_length) in [
            (8 * 1024, 1, 1, 16, 32),
            (19_456, 3, 1, 16, 32),
            (19_456, 2, 2, 16, 32),
            (65_536, 3, 4, 16, 32),
            (19_456, 2, 1, 8, 32),
            (19_456, 2, 1, 16, 24),
            (19_456, 2, 1, 32, 64),
        ] {
            let params = argon2::Params::new(memory_kib, passes, lanes, Some(hash_length)).unwrap();
            let other = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
            let (salt, mut hash) = (vec![3; salt_length], vec![0; hash_length]);
            other.hash_password_into(b"correct horse", &salt, &mut hash).unwrap();
            let stored = PasswordHash::encode(HashCost { memory_kib, passes, lanes }, &salt, &hash);
            let verify = |password, memory: &mut Argon2Memory| verify(password, &stored, memory).unwrap();
            let text = stored.expose();
            assert_eq!(
                verify("correct horse", &mut memory),
                Verification::Match { is_current: false },
                "{text}"
            );
            assert_eq!(verify("wrong horse", &mut memory), Verification::Mismatch, "{text}");
        }
    }

    #[test]
    fn hangul_matches_however_the_keyboard_composed_it() {
        let mut memory = memory();
        let stored = hash("한글비밀번호", &[1; 16], &mut memory).unwrap();
        let decomposed: String = "한글비밀번호".nfd().collect();
        assert_ne!(decomposed, "한글비밀번호");
        assert!(matches(&decomposed, &stored, &mut memory));
    }

    #[test]
    fn a_hash_that_nobody_understands_is_an_error_and_no_wrong_password() {
        let (salt, hash) = (STANDARD_NO_PAD.encode([0; 16]), STANDARD_NO_PAD.encode([0; 32]));
        let with = |start: &str| format!("{start}${salt}${hash}");
        let mut memory = memory();
        for stored in [
            String::new(),
            "plain".to_owned(),
            "$argon2id$".to_owned(),
            "$2b$10$abcdefghijklmnopqrstuuDJ4hvJ8Jk0jJjvPvHPlqCXHb4sz3Rcq".to_owned(),
            with("$argon2i$v=19$m=19456,t=2,p=1"),
            with("$argon2id$v=16$m=19456,t=2,p=1"),
            with("$argon2id$v=19$m=19456,t=2"),
            with("$argon2id$v=19$t=2,m=19456,p=1"),
            with("$argon2id$v=19$m=19456,t=2,p=1,x=1"),
            with("$argon2id$v=19$m=-1,t=2,p=1"),
            // More than the settings allow: one row must not occupy a thread for minutes.
            with("$argon2id$v=19$m=4294967295,t=2,p=1"),
            with("$argon2id$v=19$m=19456,t=4294967295,p=1"),
            format!("{}$more", with("$argon2id$v=19$m=19456,t=2,p=1")),
            format!("$argon2id$v=19$m=19456,t=2,p=1${salt}$AAAA"),
            format!("$argon2id$v=19$m=19456,t=2,p=1$AAAA${hash}"),
            format!("$argon2id$v=19$m=19456,t=2,p=1${salt}$*{hash}"),
        ] {
            let verified = verify("", &PasswordHash::from_stored(stored.clone()), &mut memory);
            assert!(matches!(verified, Err(HashError::Unknown)), "{stored}: {verified:?}");
        }
    }

    #[test]
    fn the_dummy_hash_is_well_formed_and_costs_as_much_as_another() {
        for cost in [COST, HashCost { memory_kib: 65_536, passes: 3, lanes: 2 }] {
            let dummy = PasswordHash::dummy(cost);
            assert_eq!(parse(dummy.expose()).unwrap().cost, cost);
        }
        assert_eq!(verify("", &PasswordHash::dummy(COST), &mut memory()).unwrap(), Verification::Mismatch);
    }
}
