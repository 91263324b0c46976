//! Replay detection for DPoP proofs: recently used proofs, each accepted once (RFC 9449 §11.1).
//!
//! The memory is bounded. Evicting a window before its time raises a high-water mark: proofs that are not later than
//! the mark count as used, and the client makes another one with a fresh nonce. So a flood costs others one more
//! request, and never makes a used proof valid again.

use super::nonce;
use super::proof::{Proof, ProofTime};
use crate::platform::{SKEW, Shards};
use latchkey_shared::Timestamp;
use std::collections::HashSet;
use std::mem;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Length of a window; longer than any proof is valid.
const PERIOD: Duration = nonce::LIFETIME.saturating_add(SKEW);
/// Maximum number of proofs in each window of each shard.
const MAX_DIGESTS_PER_WINDOW: usize = 8192;

/// First half of a SHA-256 of the key's thumbprint and the proof's `jti`.
pub(super) type ProofDigest = [u8; 16];

/// Recently used proofs of this server.
#[derive(Default)]
pub(super) struct UsedProofs(Shards<Mutex<Shard>>);

impl UsedProofs {
    /// Records the use of a proof, and returns whether it is certainly the first one.
    pub fn mark_used(&self, proof: &Proof, now: Timestamp) -> bool {
        let shard = self.0.shard(proof.digest[0]);
        shard.lock().unwrap_or_else(PoisonError::into_inner).mark_used(proof, now)
    }
}

#[derive(Default)]
struct Shard {
    current: Window,
    previous: Window,
    /// Start of the current window.
    since: Timestamp,
    evicted: HighWaterMark,
}

#[derive(Default)]
struct Window {
    digests: HashSet<ProofDigest>,
    high_water_mark: HighWaterMark,
}

impl Shard {
    fn mark_used(&mut self, proof: &Proof, now: Timestamp) -> bool {
        if now + SKEW < self.since {
            self.handle_clock_rollback(now);
        }
        if now >= self.since + PERIOD || self.current.digests.len() >= MAX_DIGESTS_PER_WINDOW {
            self.rotate(now);
        }
        let is_used =
            [&self.current, &self.previous].iter().any(|window| window.digests.contains(&proof.digest));
        if is_used || self.evicted.covers(proof.proof_time) {
            return false;
        }
        self.current.high_water_mark.raise_to(proof.proof_time);
        self.current.digests.insert(proof.digest)
    }

    fn rotate(&mut self, now: Timestamp) {
        let oldest = mem::replace(&mut self.previous, mem::take(&mut self.current));
        for proof_time in [
            ProofTime::Iat(oldest.high_water_mark.iat),
            ProofTime::NonceIssuedAt(oldest.high_water_mark.nonce_issued_at),
        ] {
            self.evicted.raise_to(proof_time);
        }
        self.since = now;
    }

    /// Handles a clock that was ahead and was set back. High-water marks of that time would count every proof as used
    /// until it is reached; instead, all proofs that can have been made by now count as used.
    fn handle_clock_rollback(&mut self, now: Timestamp) {
        self.since = now;
        for high_water_mark in
            [&mut self.current.high_water_mark, &mut self.previous.high_water_mark, &mut self.evicted]
        {
            high_water_mark.iat = high_water_mark.iat.min(now + SKEW);
            high_water_mark.nonce_issued_at = high_water_mark.nonce_issued_at.min(now);
        }
    }
}

/// Latest time of each kind of proof. A future nonce cannot be known, but a client's clock may be set ahead: the two
/// kinds must not affect each other.
#[derive(Default)]
struct HighWaterMark {
    iat: Timestamp,
    nonce_issued_at: Timestamp,
}

impl HighWaterMark {
    fn raise_to(&mut self, proof_time: ProofTime) {
        match proof_time {
            ProofTime::Iat(at) => self.iat = self.iat.max(at),
            ProofTime::NonceIssuedAt(at) => self.nonce_issued_at = self.nonce_issued_at.max(at),
        }
    }

    /// Returns whether a proof of that time may be one of the evicted ones.
    fn covers(&self, proof_time: ProofTime) -> bool {
        match proof_time {
            ProofTime::Iat(at) => at <= self.iat,
            ProofTime::NonceIssuedAt(at) => at <= self.nonce_issued_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::Thumbprint;

    const START: Timestamp = Timestamp::from_seconds(1_700_000_000);
    const SECOND: Duration = Duration::from_secs(1);

    /// Makes a proof; all of them lie in one shard.
    fn proof(number: u64, proof_time: ProofTime) -> Proof {
        let mut digest = [0; 16];
        digest[8..].copy_from_slice(&number.to_be_bytes());
        Proof { key: Thumbprint::from_stored("a key".to_owned()), digest, proof_time }
    }

    fn both(at: Timestamp) -> [ProofTime; 2] {
        [ProofTime::Iat(at), ProofTime::NonceIssuedAt(at)]
    }

    #[test]
    fn a_proof_is_taken_once_for_as_long_as_it_is_good() {
        for proof_time in both(START) {
            let used = UsedProofs::default();
            assert!(used.mark_used(&proof(1, proof_time), START));
            for second in (0..=PERIOD.as_secs()).map(Duration::from_secs) {
                assert!(
                    !used.mark_used(&proof(1, proof_time), START + second),
                    "after {second:?}: {proof_time:?}"
                );
            }
            assert!(used.mark_used(&proof(2, proof_time), START));
        }
    }

    #[test]
    fn a_flood_makes_no_used_proof_good_again_and_keeps_nobody_out_who_has_a_fresh_nonce() {
        let used = UsedProofs::default();
        let [iat, nonce_issued_at] = both(START);
        let early = [proof(1, iat), proof(2, nonce_issued_at)];
        assert!(early.iter().all(|proof| used.mark_used(proof, START)));
        let mut now = START;
        for number in 10..10 + 3 * MAX_DIGESTS_PER_WINDOW as u64 {
            now = now + Duration::from_millis(1);
            // The clock of the flood is as far ahead as it may be.
            used.mark_used(&proof(number, ProofTime::Iat(now + SKEW)), now);
            used.mark_used(&proof(number + 1_000_000, ProofTime::NonceIssuedAt(now)), now);
        }
        assert!(early.iter().all(|proof| !used.mark_used(proof, now)), "forgotten, and still not good");
        let shard = used.0.shard(0).lock().unwrap();
        assert!(shard.current.digests.len() + shard.previous.digests.len() <= 2 * MAX_DIGESTS_PER_WINDOW);
        drop(shard);
        now = now + Duration::from_millis(1);
        assert!(used.mark_used(&proof(2_000_000, ProofTime::NonceIssuedAt(now)), now));
        // A `PERIOD` later, a nonce is not needed any more.
        now = now + PERIOD;
        assert!(used.mark_used(&proof(2_000_001, ProofTime::Iat(now)), now));
    }

    #[test]
    fn a_clock_that_leaps_ahead_and_back_makes_no_used_proof_good_and_shuts_nobody_out() {
        let used = UsedProofs::default();
        assert!(used.mark_used(&proof(1, ProofTime::Iat(START)), START));
        let ahead = START + 365 * 24 * 3600 * SECOND;
        for number in 2..5 {
            let now = ahead + u32::try_from(number).unwrap() * PERIOD;
            assert!(used.mark_used(&proof(number, ProofTime::Iat(now)), now));
        }
        assert!(!used.mark_used(&proof(1, ProofTime::Iat(START)), START));
        let now = START + SECOND;
        assert!(used.mark_used(&proof(10, ProofTime::NonceIssuedAt(now)), now));
        let now = START + SKEW + SECOND;
        assert!(used.mark_used(&proof(11, ProofTime::Iat(now)), now));
    }
}
