//! A client's key and its proofs (RFC 9449).

use super::{TestApp, in_base64url};
use jsonwebtoken::crypto::sign;
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

/// A P-256 key.
pub struct Key {
    signs: EncodingKey,
    public: Jwk,
}

impl Key {
    /// Creates the key whose private number is this byte, repeated 32 times.
    pub fn of(byte: u8) -> Self {
        // The PKCS#8 structure around it is always the same (RFC 5208 §5, RFC 5915 §3).
        const PKCS8: [u8; 35] = [
            0x30, 0x41, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
            0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04, 0x27, 0x30, 0x25, 0x02, 0x01,
            0x01, 0x04, 0x20,
        ];
        let signs = EncodingKey::from_ec_der(&[PKCS8.as_slice(), &[byte; 32]].concat());
        let public = Jwk::from_encoding_key(&signs, Algorithm::ES256).unwrap();
        Self { signs, public }
    }

    /// Returns the public half, as a proof contains it.
    pub fn jwk(&self) -> Value {
        let jwk = serde_json::to_value(&self.public).unwrap();
        json!({"kty": "EC", "crv": "P-256", "x": jwk["x"], "y": jwk["y"]})
    }

    pub fn thumbprint(&self) -> String {
        self.public.thumbprint(ThumbprintHash::SHA256).unwrap()
    }

    pub fn header(&self) -> Value {
        json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk()})
    }

    /// Returns the claims of a proof for a POST to this path, made now.
    pub fn claims(app: &TestApp, path: &str) -> Value {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let jti = format!("proof-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let htu = format!("{}{path}", app.state.config.public_url.origin());
        json!({"jti": jti, "htm": "POST", "htu": htu, "iat": app.now().as_seconds()})
    }

    /// Returns a proof for a POST to this path.
    pub fn proof(&self, app: &TestApp, path: &str) -> String {
        self.sign(&self.header(), &Self::claims(app, path))
    }

    /// Returns a proof for a POST to this path, made by a clock that is `seconds` ahead.
    pub fn proof_ahead_by(&self, app: &TestApp, path: &str, seconds: i64, nonce: Option<&str>) -> String {
        let mut claims = Self::claims(app, path);
        claims["iat"] = json!(app.now().as_seconds() + seconds);
        if let Some(nonce) = nonce {
            claims["nonce"] = json!(nonce);
        }
        self.sign(&self.header(), &claims)
    }

    /// Signs any header and claims with this key.
    pub fn sign(&self, header: &(impl ToString + ?Sized), claims: &(impl ToString + ?Sized)) -> String {
        let message = format!("{}.{}", in_base64url(header.to_string()), in_base64url(claims.to_string()));
        format!("{message}.{}", sign(message.as_bytes(), &self.signs, Algorithm::ES256).unwrap())
    }
}
