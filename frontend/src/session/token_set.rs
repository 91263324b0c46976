//! Result of a sign-in or a refresh: the access token, its expiry, and its account.

use crate::platform::json;
use latchkey_shared::{Account, Claims, Secret, SignedIn, Timestamp};
use serde::{Deserialize, de::DeserializeOwned};
use std::time::Duration;
use uuid::Uuid;

/// Tokens of a session. Times are by the browser's clock unless stated otherwise, so that a wrong clock does no harm.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TokenSet {
    /// Bearer token sent with every request.
    pub access_token: Secret,
    /// Time at which the token arrived.
    pub received_at: Timestamp,
    /// Time at which the token expires.
    pub access_expires_at: Timestamp,
    /// Time at which the session expires if it is not used any more, by the server's clock.
    pub session_expires_at: Timestamp,
    /// Account of the session.
    pub account: Account,
    /// Session id.
    pub sid: Uuid,
    /// Number of refresh token rotations in the session when this token was issued.
    pub generation: u64,
    /// True if the session outlives the browser's closing.
    pub remembered: bool,
}

/// Header of an access token (RFC 7515 §4.1), as far as the page shows it.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct TokenHeader {
    /// Signature algorithm.
    #[serde(default)]
    pub alg: String,
    /// Token type.
    #[serde(default)]
    pub typ: String,
    /// Id of the signing key.
    #[serde(default)]
    pub kid: String,
}

impl TokenSet {
    /// Returns the token set of a response received at `now`; none if its token cannot be read. `remembered` is what
    /// was requested when the session began.
    pub fn from_response(answer: SignedIn, remembered: bool, now: Timestamp) -> Option<Self> {
        let claims: Claims = jwt_part(answer.access_token.expose(), 1)?;
        Some(Self {
            received_at: now,
            access_expires_at: now + usable_for(answer.expires_in),
            session_expires_at: answer.session_expires_at,
            account: answer.account,
            sid: claims.sid,
            generation: claims.generation,
            access_token: answer.access_token,
            remembered,
        })
    }

    /// Returns whether the token is valid at `now`.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        now < self.access_expires_at
    }

    /// Returns the token's lifetime, from its arrival.
    pub fn lifetime(&self) -> Duration {
        self.received_at.until(self.access_expires_at)
    }

    /// Returns whether this is the later token set of the same session; within one generation, the one that expires
    /// later.
    pub fn is_newer_than(&self, other: &Self) -> bool {
        self.sid == other.sid
            && (self.generation, self.access_expires_at) > (other.generation, other.access_expires_at)
    }

    /// Returns the server's time at `now`, derived from the token's `iat`: the browser's own clock may be wrong.
    pub fn server_time(&self, now: Timestamp) -> Timestamp {
        let issued = self.claims().map_or(self.received_at, |claims| Timestamp::from_seconds(claims.iat));
        Timestamp::from_millis(now.as_millis() + issued.as_millis() - self.received_at.as_millis())
    }

    /// Returns the token's header; none if it cannot be read.
    pub fn header(&self) -> Option<TokenHeader> {
        jwt_part(self.access_token.expose(), 0)
    }

    /// Returns the token's claims; none if they cannot be read.
    pub fn claims(&self) -> Option<Claims> {
        jwt_part(self.access_token.expose(), 1)
    }
}

/// Returns how long a token is used: its lifetime less one second, or less half of it if that is shorter. The token's
/// own times are whole seconds, rounded down, so it may expire up to a second early; a request sent then would be
/// refused.
fn usable_for(expires_in: u64) -> Duration {
    let lifetime = Duration::from_secs(expires_in.min(YEAR));
    lifetime - (lifetime / 2).min(Duration::from_secs(1))
}

/// Limit on a token's lifetime in seconds, whatever a response says: the expiry must be a time that a browser can show.
const YEAR: u64 = 366 * 24 * 60 * 60;

fn jwt_part<T: DeserializeOwned>(token: &str, index: usize) -> Option<T> {
    let bytes = from_base64url(token.split('.').nth(index)?)?;
    json::read(std::str::from_utf8(&bytes).ok()?)
}

/// Decodes base64url without padding (RFC 4648 §5).
fn from_base64url(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut count) = (0_u32, 0);
    for c in text.bytes() {
        let value = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 0xFF).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::samples::{answer, token_set};
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn an_answer_becomes_a_grant_on_the_browsers_own_clock() {
        let now = Timestamp::from_seconds(1_000);
        let token_set = TokenSet::from_response(answer(7, 600), true, now).unwrap();
        assert_eq!(token_set.generation, 7);
        assert_eq!(token_set.access_expires_at, Timestamp::from_seconds(1_599));
        assert!(
            token_set.is_valid(Timestamp::from_millis(1_598_999))
                && !token_set.is_valid(Timestamp::from_seconds(1_599))
        );
    }

    #[wasm_bindgen_test]
    fn the_servers_time_is_known_by_a_browser_whose_clock_is_wrong() {
        // Its token was issued at second 1 of the server's clock.
        for clock in [0, 1, 601, -599, 1_000_000] {
            let token_set =
                TokenSet::from_response(answer(0, 600), true, Timestamp::from_seconds(clock)).unwrap();
            let later = Timestamp::from_seconds(clock + 480);
            assert_eq!(token_set.server_time(later), Timestamp::from_seconds(481), "{clock}");
        }
    }

    #[wasm_bindgen_test]
    fn a_token_that_cannot_be_read_is_no_grant() {
        for token in ["", "a", "a.b.c", "..", "é.é.é", "eyJ9.eyJ9.x", "AAAA.AAAA.AAAA"] {
            let mut answer = answer(0, 600);
            answer.access_token = token.into();
            assert!(TokenSet::from_response(answer, true, Timestamp::from_seconds(0)).is_none(), "{token}");
        }
    }

    #[wasm_bindgen_test]
    fn a_token_of_a_second_is_used_for_half_of_it() {
        let token_set = TokenSet::from_response(answer(0, 1), true, Timestamp::from_seconds(0)).unwrap();
        assert_eq!(token_set.lifetime(), Duration::from_millis(500));
    }

    #[wasm_bindgen_test]
    fn an_absurd_lifetime_is_cut() {
        let token_set =
            TokenSet::from_response(answer(0, u64::MAX), true, Timestamp::from_seconds(0)).unwrap();
        assert_eq!(token_set.lifetime(), Duration::from_secs(YEAR - 1));
    }

    #[wasm_bindgen_test]
    fn the_later_generation_follows_and_of_two_equals_the_longer() {
        let (older, newer) = (token_set(1, 600), token_set(2, 300));
        assert!(newer.is_newer_than(&older) && !older.is_newer_than(&newer) && !older.is_newer_than(&older));
        assert!(token_set(1, 601).is_newer_than(&older));
    }

    #[wasm_bindgen_test]
    fn base64url_is_read_as_it_is_written() {
        assert_eq!(from_base64url("-_8").unwrap(), [0xFB, 0xFF]);
        assert_eq!(from_base64url("7ZWY64qY").unwrap(), "하늘".as_bytes());
        assert_eq!(from_base64url("a+b"), None);
    }
}
