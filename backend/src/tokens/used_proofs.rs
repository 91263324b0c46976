//! The proofs that have been used lately, so that each is taken once (RFC 9449 §11.1).
//!
//! The memory is bounded. What has to be forgotten before its time leaves a mark behind: proofs that are no younger than it
//! count as used, and whoever holds the key makes another one with a fresh nonce. So a flood costs others one more round,
//! and never makes a used proof good again.

use super::nonce;
use super::proof::{Made, Proof};
use crate::platform::{SKEW, Shards};
use latchkey_shared::Timestamp;
use std::collections::HashSet;
use std::mem;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Longer than any proof is good.
const PERIOD: Duration = nonce::LIFETIME.saturating_add(SKEW);
/// How many proofs each half of each part remembers.
const MOST: usize = 8192;

/// The first half of a SHA-256 of the key's thumbprint and the proof's `jti`.
pub(super) type Digest = [u8; 16];

/// The proofs that have been used lately, on this server.
#[derive(Default)]
pub(super) struct UsedProofs(Shards<Mutex<Part>>);

impl UsedProofs {
    /// Notes that the proof is used, and tells whether this certainly is the first time.
    pub fn note(&self, proof: &Proof, now: Timestamp) -> bool {
        let part = self.0.of(proof.digest[0]);
        part.lock().unwrap_or_else(PoisonError::into_inner).note(proof, now)
    }
}

#[derive(Default)]
struct Part {
    current: Half,
    previous: Half,
    /// When the current half was begun.
    since: Timestamp,
    forgotten: Latest,
}

#[derive(Default)]
struct Half {
    digests: HashSet<Digest>,
    latest: Latest,
}

impl Part {
    fn note(&mut self, proof: &Proof, now: Timestamp) -> bool {
        if now + SKEW < self.since {
            self.set_back(now);
        }
        if now >= self.since + PERIOD || self.current.digests.len() >= MOST {
            self.turn(now);
        }
        let is_known =
            [&self.current, &self.previous].iter().any(|half| half.digests.contains(&proof.digest));
        if is_known || self.forgotten.covers(proof.made) {
            return false;
        }
        self.current.latest.raise_to(proof.made);
        self.current.digests.insert(proof.digest)
    }

    fn turn(&mut self, now: Timestamp) {
        let oldest = mem::replace(&mut self.previous, mem::take(&mut self.current));
        for made in
            [Made::ByItsClock(oldest.latest.by_its_clock), Made::AfterNonce(oldest.latest.after_nonce)]
        {
            self.forgotten.raise_to(made);
        }
        self.since = now;
    }

    /// The clock was ahead. Marks of that time would count every proof as used until it comes; instead all count that can
    /// have been made by now.
    fn set_back(&mut self, now: Timestamp) {
        self.since = now;
        for latest in [&mut self.current.latest, &mut self.previous.latest, &mut self.forgotten] {
            latest.by_its_clock = latest.by_its_clock.min(now + SKEW);
            latest.after_nonce = latest.after_nonce.min(now);
        }
    }
}

/// The youngest proof of each kind. Nobody can know in advance what a nonce will be, but a clock may be set ahead: one kind
/// says nothing about the other.
#[derive(Default)]
struct Latest {
    by_its_clock: Timestamp,
    after_nonce: Timestamp,
}

impl Latest {
    fn raise_to(&mut self, made: Made) {
        match made {
            Made::ByItsClock(at) => self.by_its_clock = self.by_its_clock.max(at),
            Made::AfterNonce(at) => self.after_nonce = self.after_nonce.max(at),
        }
    }

    /// Whether a proof of that time may be one of these.
    fn covers(&self, made: Made) -> bool {
        match made {
            Made::ByItsClock(at) => at <= self.by_its_clock,
            Made::AfterNonce(at) => at <= self.after_nonce,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::Thumbprint;

    const START: Timestamp = Timestamp::from_seconds(1_700_000_000);
    const SECOND: Duration = Duration::from_secs(1);

    /// All of these lie in one part.
    fn proof(number: u64, made: Made) -> Proof {
        let mut digest = [0; 16];
        digest[8..].copy_from_slice(&number.to_be_bytes());
        Proof { key: Thumbprint::from_stored("a key".to_owned()), digest, made }
    }

    fn both(at: Timestamp) -> [Made; 2] {
        [Made::ByItsClock(at), Made::AfterNonce(at)]
    }

    #[test]
    fn a_proof_is_taken_once_for_as_long_as_it_is_good() {
        for made in both(START) {
            let used = UsedProofs::default();
            assert!(used.note(&proof(1, made), START));
            for second in (0..=PERIOD.as_secs()).map(Duration::from_secs) {
                assert!(!used.note(&proof(1, made), START + second), "after {second:?}: {made:?}");
            }
            assert!(used.note(&proof(2, made), START));
        }
    }

    #[test]
    fn a_flood_makes_no_used_proof_good_again_and_keeps_nobody_out_who_has_a_fresh_nonce() {
        let used = UsedProofs::default();
        let [by_its_clock, after_nonce] = both(START);
        let early = [proof(1, by_its_clock), proof(2, after_nonce)];
        assert!(early.iter().all(|proof| used.note(proof, START)));
        let mut now = START;
        for number in 10..10 + 3 * MOST as u64 {
            now = now + Duration::from_millis(1);
            // The flood's clock is as far ahead as it may be.
            used.note(&proof(number, Made::ByItsClock(now + SKEW)), now);
            used.note(&proof(number + 1_000_000, Made::AfterNonce(now)), now);
        }
        assert!(early.iter().all(|proof| !used.note(proof, now)), "forgotten, and still not good");
        let part = used.0.of(0).lock().unwrap();
        assert!(part.current.digests.len() + part.previous.digests.len() <= 2 * MOST);
        drop(part);
        now = now + Duration::from_millis(1);
        assert!(used.note(&proof(2_000_000, Made::AfterNonce(now)), now));
        // And a while later a nonce is not needed any more.
        now = now + PERIOD;
        assert!(used.note(&proof(2_000_001, Made::ByItsClock(now)), now));
    }

    #[test]
    fn a_clock_that_leaps_ahead_and_back_makes_no_used_proof_good_and_shuts_nobody_out() {
        let used = UsedProofs::default();
        assert!(used.note(&proof(1, Made::ByItsClock(START)), START));
        let ahead = START + 365 * 24 * 3600 * SECOND;
        for number in 2..5 {
            let now = ahead + u32::try_from(number).unwrap() * PERIOD;
            assert!(used.note(&proof(number, Made::ByItsClock(now)), now));
        }
        assert!(!used.note(&proof(1, Made::ByItsClock(START)), START));
        let now = START + SECOND;
        assert!(used.note(&proof(10, Made::AfterNonce(now)), now));
        let now = START + SKEW + SECOND;
        assert!(used.note(&proof(11, Made::ByItsClock(now)), now));
    }
}
