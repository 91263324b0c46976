//! Forged tokens, as an attacker would make them with the stolen secrets, or without any.

use super::{Person, TestApp};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto::sign;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};
use std::path::Path;

pub fn in_base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Returns the claims of a token without checking its signature.
#[track_caller]
pub fn claims_of(token: &str) -> Value {
    part(token, 1)
}

#[track_caller]
pub fn header_of(token: &str) -> Value {
    part(token, 0)
}

#[track_caller]
fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// Seed of the forger's own key.
const ITS_OWN: [u8; 32] = [7; 32];

/// The server's own keys, and the bytes of the public key.
pub struct Forge {
    signing: EncodingKey,
    refresh: EncodingKey,
    pub public: Vec<u8>,
    now: i64,
}

impl Forge {
    pub fn with_secrets_of(file: &Path, app: &TestApp) -> Self {
        let stored: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        let secret =
            |name: &str| URL_SAFE_NO_PAD.decode(stored[name][0]["secret"].as_str().unwrap()).unwrap();
        let keys = serde_json::to_value(app.state.tokens.keys.jwks(app.now())).unwrap();
        let public = URL_SAFE_NO_PAD.decode(keys["keys"][0]["x"].as_str().unwrap()).unwrap();
        Self {
            signing: ed25519(&secret("signing")),
            refresh: EncodingKey::from_secret(&secret("refresh")),
            public,
            now: app.now().as_seconds(),
        }
    }

    /// Returns an access token with any header and claims, signed as the server signs.
    pub fn access(&self, header: &Value, claims: &Value) -> String {
        assemble(header, claims, &self.signing, Algorithm::EdDSA)
    }

    /// Returns an access token whose header and claims are arbitrary texts, signed as the server signs.
    pub fn access_of(&self, header: &str, claims: &str) -> String {
        assemble(header, claims, &self.signing, Algorithm::EdDSA)
    }

    /// Returns a refresh token with any header and claims, signed as the server signs.
    pub fn refresh(&self, header: &Value, claims: &Value) -> String {
        assemble(header, claims, &self.refresh, Algorithm::HS256)
    }

    /// Returns a token signed with a shared secret that is not the server's.
    pub fn hmac(header: &Value, claims: &Value, secret: &[u8], algorithm: Algorithm) -> String {
        assemble(header, claims, &EncodingKey::from_secret(secret), algorithm)
    }

    /// Returns a token signed with a key of the forger's own.
    pub fn with_a_key_of_its_own(header: &Value, claims: &Value) -> String {
        assemble(header, claims, &ed25519(&ITS_OWN), Algorithm::EdDSA)
    }

    /// Returns the public half of that key.
    pub fn public_half_of_its_own_key() -> Jwk {
        Jwk::from_encoding_key(&ed25519(&ITS_OWN), Algorithm::EdDSA).unwrap()
    }

    /// Returns an access token with exactly this text as its message: the encoded header and claims are signed as they
    /// are.
    pub fn access_as_written(&self, message: &str) -> String {
        signed_as_written(message, &self.signing, Algorithm::EdDSA)
    }

    /// Returns a refresh token with exactly this text as its message, with the hash that `algorithm` names.
    pub fn refresh_as_written(&self, message: &str, algorithm: Algorithm) -> String {
        signed_as_written(message, &self.refresh, algorithm)
    }

    /// Returns claims of a refresh token that could be this person's.
    pub fn refresh_claims(&self, person: &Person) -> Value {
        let claims = person.claims();
        json!({
            "iss": claims["iss"], "sub": claims["sub"], "sid": claims["sid"], "gen": claims["gen"],
            "iat": self.now, "exp": self.now + 3600,
        })
    }
}

/// Returns the Ed25519 key of a seed (RFC 8410 §7).
fn ed25519(seed: &[u8]) -> EncodingKey {
    const PKCS8: [u8; 16] = [48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];
    EncodingKey::from_ed_der(&[PKCS8.as_slice(), seed].concat())
}

fn assemble(
    header: &(impl ToString + ?Sized),
    claims: &(impl ToString + ?Sized),
    key: &EncodingKey,
    algorithm: Algorithm,
) -> String {
    let message = format!("{}.{}", in_base64url(header.to_string()), in_base64url(claims.to_string()));
    signed_as_written(&message, key, algorithm)
}

fn signed_as_written(message: &str, key: &EncodingKey, algorithm: Algorithm) -> String {
    let signature = sign(message.as_bytes(), key, algorithm).unwrap();
    format!("{message}.{signature}")
}
