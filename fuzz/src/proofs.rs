//! DPoP proofs (RFC 9449): as values of a header, as a valid proof with changes, and as any content signed with the
//! key.

use super::fixture::{ISSUER, NOW, PROOF_KEY, fixture};
use super::tokens::{Input, object, sign, with_header};
use axum::extract::FromRequestParts as _;
use axum::http::{HeaderName, Method};
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey};
use latchkey::sessions::MaybeProof;
use latchkey::tokens::ProofTarget;
use serde_json::{Value, json};
use std::sync::LazyLock;

const PATH: &str = "/api/auth/refresh";

static KEY: LazyLock<EncodingKey> = LazyLock::new(|| EncodingKey::from_ec_der(&PROOF_KEY));
static GOOD: LazyLock<String> = LazyLock::new(|| {
    let public = Jwk::from_encoding_key(&KEY, Algorithm::ES256).unwrap();
    let header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": public});
    let claims =
        json!({"jti": "one", "htm": "POST", "htu": format!("{ISSUER}{PATH}"), "iat": NOW.as_seconds()});
    sign(header.to_string().as_bytes(), claims.to_string().as_bytes(), &KEY, Algorithm::ES256)
});

/// Fuzzes the value of a `DPoP` header.
pub fn proof(bytes: &[u8]) {
    let fixture = fixture();
    let is_this_call = |target: &ProofTarget| {
        let origin = target.url.origin().ascii_serialization();
        target.method == "POST" && target.url.path() == PATH && origin == ISSUER
    };
    let read = |text: &str| fixture.app.tokens.proofs.verify(text, is_this_call, NOW);
    match Input::of(bytes, &GOOD) {
        Input::Header(value) => {
            let Some(mut parts) = with_header(HeaderName::from_static("dpop"), &value) else { return };
            (parts.method, parts.uri) = (Method::POST, PATH.parse().unwrap());
            let Ok(proof) = fixture.wait(MaybeProof::from_request_parts(&mut parts, &fixture.app));
            assert!(proof.checked().is_err() || value == GOOD.as_bytes(), "taken, but never made");
        }
        Input::Token(text) => assert_eq!(read(&text).is_ok(), text == *GOOD, "{text}"),
        Input::Signed { header, claims } => {
            let Ok(taken) = read(&sign(&header, &claims, &KEY, Algorithm::ES256)) else { return };
            let public = Jwk::from_encoding_key(&KEY, Algorithm::ES256).unwrap();
            assert_eq!(taken.key.as_str(), public.thumbprint(ThumbprintHash::SHA256).unwrap());
            is_what_it_says(&header, &claims);
        }
    }
}

/// Asserts that an accepted proof means the same to every reader.
fn is_what_it_says(header: &[u8], claims: &[u8]) {
    if let Some(header) = object(header) {
        assert_eq!((&header["alg"], &header["typ"]), (&"ES256".into(), &"dpop+jwt".into()));
        assert!(header.get("crit").is_none() && header["jwk"].get("d").is_none(), "{header}");
    }
    if let Some(claims) = object(claims) {
        assert_eq!(claims["htm"], "POST");
        assert!(claims["jti"].as_str().is_some_and(|id| !id.is_empty() && id.len() <= 128), "{claims}");
        let nonce = claims.get("nonce").unwrap_or(&Value::Null);
        assert!(
            nonce.is_string() || (claims["iat"].as_f64().unwrap() - NOW.as_seconds() as f64).abs() <= 60.0
        );
    }
}
