//! Cryptographically secure random bytes, and the ids made of them.

use latchkey_shared::Timestamp;
use std::cell::RefCell;
use uuid::Uuid;
use zeroize::Zeroize;

/// A source of cryptographically secure random bytes.
pub trait Randomness: Send + Sync {
    /// Fills `bytes` with random bytes.
    fn fill(&self, bytes: &mut [u8]);
}

impl dyn Randomness + '_ {
    /// Returns `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// Returns a new id that sorts by the time of its creation (UUIDv7, RFC 9562 §5.7).
    pub fn id(&self, now: Timestamp) -> Uuid {
        let millis = u64::try_from(now.as_millis()).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid()
    }
}

/// The operating system's randomness.
///
/// Every response has an id, so small amounts come from a buffer per thread: a system call for each of them would cost
/// as much as looking up a token. Bytes that were handed out are wiped from the buffer.
pub struct OsRandomness;

/// Size of the buffer, in bytes.
const BUFFER_SIZE: usize = 512;

struct Buffer {
    bytes: [u8; BUFFER_SIZE],
    used: usize,
}

thread_local! {
    static BUFFER: RefCell<Buffer> = const { RefCell::new(Buffer { bytes: [0; BUFFER_SIZE], used: BUFFER_SIZE }) };
}

impl Randomness for OsRandomness {
    fn fill(&self, bytes: &mut [u8]) {
        if bytes.len() > BUFFER_SIZE / 8 {
            return fill_from_os(bytes);
        }
        BUFFER.with_borrow_mut(|buffer| {
            if BUFFER_SIZE - buffer.used < bytes.len() {
                fill_from_os(&mut buffer.bytes);
                buffer.used = 0;
            }
            let part = &mut buffer.bytes[buffer.used..buffer.used + bytes.len()];
            bytes.copy_from_slice(part);
            part.zeroize();
            buffer.used += bytes.len();
        });
    }
}

#[expect(clippy::expect_used, reason = "no secret can be made without randomness: better to stop")]
fn fill_from_os(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system gives randomness");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_handed_out_twice_or_left_as_it_was() {
        let random: &dyn Randomness = &OsRandomness;
        let mut seen = std::collections::HashSet::new();
        // Far more than the buffer's size, in pieces that do not divide it evenly.
        for _ in 0..1000 {
            let (small, odd, large) = (random.bytes::<16>(), random.bytes::<29>(), random.bytes::<100>());
            for piece in [&small[..], &odd[..16], &odd[13..], &large[..16], &large[84..]] {
                assert!(piece.iter().any(|byte| *byte != 0));
                assert!(seen.insert(piece.to_vec()), "twice: {piece:?}");
            }
        }
    }

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
