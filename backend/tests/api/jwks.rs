//! `GET /.well-known/jwks.json`

use crate::support::*;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};

#[tokio::test]
async fn the_published_key_is_public_and_says_what_it_is_for() {
    let app = TestApp::spawn().await;
    let set = app.get("/.well-known/jwks.json").await.ok();
    assert_eq!(keys(&set), ["keys"]);
    let [key] = set["keys"].as_array().unwrap().as_slice() else { panic!("{set}") };
    assert_eq!(keys(key), ["alg", "crv", "kid", "kty", "use", "x"]);
    assert_eq!(key["kty"], "OKP");
    assert_eq!(key["crv"], "Ed25519");
    assert_eq!(key["alg"], "EdDSA");
    assert_eq!(key["use"], "sig");
    assert_eq!(key["x"], in_base64url(app.forge().public));
}

#[tokio::test]
async fn any_service_can_check_an_access_token_with_nothing_but_the_published_key() {
    let app = TestApp::with(&[("public_url", "https://id.example.org")]).await;
    let ada = app.signed_up("ada").await;
    let set: JwkSet = serde_json::from_value(app.get("/.well-known/jwks.json").await.ok()).unwrap();
    let header = decode_header(ada.access_token()).unwrap();
    let key = DecodingKey::from_jwk(set.find(&header.kid.unwrap()).unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_issuer(&["https://id.example.org"]);
    validation.set_audience(&["https://id.example.org"]);
    // The test's clock is in the past.
    validation.validate_exp = false;
    let read = decode::<Value>(ada.access_token(), &key, &validation).unwrap();
    assert_eq!(read.claims["sub"], ada.me().await["id"]);
    let other = TestApp::with(&[("public_url", "https://id.example.org")]).await.signed_up("ada").await;
    assert!(decode::<Value>(other.access_token(), &key, &validation).is_err());
    assert!(decode::<Value>(ada.refresh_token(), &key, &validation).is_err());
}
