//! Tokens: as values of a header, as a valid token with changes, and as any content signed with the keys.

use super::fixture::{Fixture, ISSUER, NOW, REFRESH_SECRET, SIGNING_KEY, fixture};
use axum::extract::{FromRequestParts as _, Request};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey};
use latchkey::sessions::{Bearer, RefreshCookie};
use latchkey::tokens::RefreshTokenError;
use latchkey_shared::Secret;
use serde_json::Value;

/// Fuzzes the value of an `Authorization` header.
pub fn access_token(bytes: &[u8]) {
    let fixture = fixture();
    match Input::of(bytes, &fixture.access) {
        Input::Header(value) => {
            let Some(mut parts) = with_header(header::AUTHORIZATION, &value) else { return };
            if fixture.wait(Bearer::from_request_parts(&mut parts, &fixture.app)).is_ok() {
                let (scheme, token) = std::str::from_utf8(&value).unwrap().split_once(' ').unwrap();
                assert!(scheme.eq_ignore_ascii_case("bearer"), "{scheme}");
                assert_eq!(token.trim(), fixture.access, "taken, but never issued");
            }
        }
        Input::Token(token) => {
            let taken = fixture.app.tokens.verifier.verify(&token, NOW).is_ok();
            assert_eq!(taken, token == fixture.access, "{token}");
        }
        Input::Signed { header, claims } => {
            let key = EncodingKey::from_ed_pem(SIGNING_KEY.as_bytes()).unwrap();
            access_is_what_it_says(
                fixture,
                &sign(&header, &claims, &key, Algorithm::EdDSA),
                &header,
                &claims,
            );
        }
    }
}

/// Asserts that an accepted token means the same to every reader.
fn access_is_what_it_says(fixture: &Fixture, token: &str, header: &[u8], claims: &[u8]) {
    let Ok(verified) = fixture.app.tokens.verifier.verify(token, NOW) else { return };
    if let Some(header) = object(header) {
        assert_eq!(header["alg"], "EdDSA");
        assert_eq!(header["typ"].as_str().unwrap().trim_start_matches("application/"), "at+jwt");
        assert!(header.get("crit").is_none_or(Value::is_null), "{header}");
    }
    assert_eq!((&verified.claims.iss[..], &verified.claims.aud[..]), (ISSUER, ISSUER));
    assert!(verified.claims.exp > NOW.as_seconds());
    is_part_of(&serde_json::to_value(&*verified.claims).unwrap(), claims);
    assert_eq!(serde_json::from_slice::<latchkey_shared::Claims>(&verified.json).unwrap(), *verified.claims);
    let again = fixture.app.tokens.verifier.verify(token, NOW).unwrap();
    assert_eq!((again.claims, again.json), (verified.claims, verified.json));
}

/// Fuzzes the value of a `Cookie` header.
pub fn refresh_token(bytes: &[u8]) {
    let fixture = fixture();
    let read = |token: &str| fixture.app.tokens.refresh_tokens.read(&Secret::from(token), NOW);
    match Input::of(bytes, &fixture.refresh) {
        Input::Header(value) => {
            let Some(mut parts) = with_header(header::COOKIE, &value) else { return };
            let Ok(cookie) = fixture.wait(RefreshCookie::from_request_parts(&mut parts, &fixture.app));
            for token in cookie.tokens() {
                assert!(!token.expose().is_empty() && !token.expose().contains(';'));
                assert_eq!(
                    read(token.expose()).is_ok(),
                    token.expose() == fixture.refresh,
                    "{}",
                    token.expose()
                );
            }
        }
        Input::Token(token) => assert_eq!(read(&token).is_ok(), token == fixture.refresh, "{token}"),
        Input::Signed { header, claims } => {
            let key = EncodingKey::from_secret(&REFRESH_SECRET);
            let token = sign(&header, &claims, &key, Algorithm::HS256);
            let found = match read(&token) {
                Ok(found) => {
                    assert!(found.exp > NOW.as_seconds());
                    found
                }
                Err(RefreshTokenError::Expired(found)) => {
                    assert!(found.exp <= NOW.as_seconds());
                    found
                }
                Err(RefreshTokenError::Invalid) => return,
            };
            if let Some(header) = object(&header) {
                assert_eq!((&header["alg"], &header["typ"]), (&"HS256".into(), &"rt+jwt".into()));
                assert!(header.get("crit").is_none_or(Value::is_null), "{header}");
            }
            assert_eq!(found.iss, ISSUER);
            is_part_of(&serde_json::to_value(found).unwrap(), &claims);
        }
    }
}

/// A fuzzing input. Its first byte selects the interpretation of the others.
pub enum Input {
    /// The value of a header, unchanged.
    Header(Vec<u8>),
    /// The valid token with some of its bytes changed.
    Token(String),
    /// Any header and any claims, with a valid signature.
    Signed { header: Vec<u8>, claims: Vec<u8> },
}

impl Input {
    pub fn of(bytes: &[u8], good: &str) -> Self {
        let (first, rest) = bytes.split_first().unwrap_or((&0, &[]));
        let parts = || good.split('.').take(2).map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
        match first % 4 {
            0 => Self::Header(rest.to_vec()),
            1 => Self::Token(String::from_utf8_lossy(&edited(good.as_bytes(), rest)).into_owned()),
            // A part that is left out is taken from the valid token.
            2 => {
                let mut written = rest.splitn(2, |byte| *byte == b'\n').map(<[u8]>::to_vec);
                let mut next = |good| written.next().filter(|text| !text.is_empty()).unwrap_or(good);
                let mut good = parts();
                Self::Signed { header: next(good.next().unwrap()), claims: next(good.next().unwrap()) }
            }
            _ => {
                let (for_header, for_claims) = rest.split_at(rest.len().min(8) / 4 * 4);
                let mut good = parts();
                let (header, claims) = (good.next().unwrap(), good.next().unwrap());
                Self::Signed { header: edited(&header, for_header), claims: edited(&claims, for_claims) }
            }
        }
    }
}

/// Applies changes of four bytes each: the position (two bytes), the operation, and the new byte.
fn edited(good: &[u8], changes: &[u8]) -> Vec<u8> {
    let mut text = good.to_vec();
    for change in changes.chunks_exact(4) {
        let place = usize::from(u16::from_le_bytes([change[0], change[1]])) % text.len().max(1);
        match change[2] % 3 {
            0 if !text.is_empty() => text[place] = change[3],
            1 if !text.is_empty() => drop(text.remove(place)),
            _ => text.insert(place, change[3]),
        }
    }
    text
}

pub fn with_header(name: HeaderName, value: &[u8]) -> Option<Parts> {
    let mut request = Request::new(axum::body::Body::empty());
    request.headers_mut().insert(name, HeaderValue::from_bytes(value).ok()?);
    Some(request.into_parts().0)
}

pub fn sign(header: &[u8], claims: &[u8], key: &EncodingKey, algorithm: Algorithm) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), key, algorithm).unwrap();
    format!("{message}.{signature}")
}

/// Parses the whole text. Returns `None` if that fails: our reader skips unknown names, even with values that cannot be
/// parsed, and there is nothing to compare then.
pub fn object(text: &[u8]) -> Option<Value> {
    let value: Value = serde_json::from_slice(text).ok()?;
    assert!(value.is_object(), "{value}");
    Some(value)
}

/// Asserts that everything that was read is in the written text with the same value.
fn is_part_of(read: &Value, written: &[u8]) {
    let Some(written) = object(written) else { return };
    for (name, value) in read.as_object().unwrap() {
        // An id in upper case or in braces is the same id.
        let same = match (value.as_str(), written[name].as_str()) {
            (Some(read), Some(written)) => same_text(read, written),
            _ => *value == written[name],
        };
        assert!(same, "{name}: {value} of {written}");
    }
}

fn same_text(read: &str, written: &str) -> bool {
    read == written || written.parse::<uuid::Uuid>().is_ok_and(|id| id.to_string() == read)
}
