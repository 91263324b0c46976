//! Bytes that nobody can guess, and the ids made of them.

use latchkey_shared::Timestamp;
use uuid::Uuid;

/// Gives bytes that nobody can guess.
pub trait Randomness: Send + Sync {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

impl dyn Randomness + '_ {
    /// `N` bytes that nobody can guess.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A new id that sorts by the time at which it was made (UUIDv7, RFC 9562 §5.7).
    pub fn id(&self, now: Timestamp) -> Uuid {
        let millis = u64::try_from(now.as_millis()).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid()
    }
}

/// The operating system's randomness.
pub struct OsRandomness;

impl Randomness for OsRandomness {
    #[expect(clippy::expect_used, reason = "no secret can be made without randomness: better to stop")]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives randomness");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_version_7_and_sort_by_time() {
        let random: &dyn Randomness = &OsRandomness;
        let earlier = random.id(Timestamp::from_millis(1_000));
        let later = random.id(Timestamp::from_millis(1_001));
        assert_eq!(earlier.get_version_num(), 7);
        assert!(earlier < later);
        assert_ne!(later, random.id(Timestamp::from_millis(1_001)));
    }
}
