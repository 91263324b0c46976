//! Forged tokens, in addition to those of `tokens.rs`: keys that a token contains, invalid signatures, parts with two
//! encodings, numbers at the limits, and errors that the Wycheproof project found in other implementations.

use super::fixture::Fixture;
use crate::support::*;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use sha2::{Digest as _, Sha256};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Certificate of the forger's own key, signed with that key, valid from 2020 to 9999.
const CERTIFICATE: &str = "MIHPMIGCAgEBMAUGAytlcDATMREwDwYDVQQDDAhMYXRjaGtleTAgFw0yMDAxMDEwMDAwMDBaGA85OTk5MTIzMTIzNTk1\
    OVowEzERMA8GA1UEAwwITGF0Y2hrZXkwKjAFBgMrZXADIQDqSmxj4pxSCr71UHsTLsX5lUd2rr6+e5JCHuppFEbSLDAFBgMrZXADQQDmiMht76sUvnn5\
    3pxL+JuQvOX7tB6nHTH/+hgZWhzbJSEGN3yr9tBOEnguQsBu/9CuJm1Y2JAlzSd06aH+Q0sA";

/// Server on which the forger publishes that key, with a count of its visitors.
struct AttackerKeyServer {
    address: SocketAddr,
    request_count: Arc<AtomicUsize>,
    // Dropping it stops the server.
    _serving: JoinSet<()>,
}

impl AttackerKeyServer {
    async fn set_up(keys: &Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, request_count) = (listener.local_addr().unwrap(), Arc::default());
        let mut serving = JoinSet::new();
        serving.spawn(publish(listener, keys.to_string(), Arc::clone(&request_count)));
        Self { address, request_count, _serving: serving }
    }

    /// Fetches what is published there. Earlier visitors have been counted by the time of this response.
    async fn visit(&self, path: &str) -> (String, usize) {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client.get(format!("http://{}/{path}", self.address)).send().await.unwrap();
        (answer.text().await.unwrap(), self.request_count.load(Ordering::SeqCst))
    }
}

async fn publish(listener: TcpListener, keys: String, request_count: Arc<AtomicUsize>) {
    let certificate = format!("-----BEGIN CERTIFICATE-----\n{CERTIFICATE}\n-----END CERTIFICATE-----\n");
    loop {
        let (mut visitor, _) = listener.accept().await.unwrap();
        request_count.fetch_add(1, Ordering::SeqCst);
        let mut head = vec![0; 4096];
        let read = visitor.read(&mut head).await.unwrap_or(0);
        let is_for_keys = head[..read].starts_with(b"GET /keys ");
        let body = if is_for_keys { &keys } else { &certificate };
        let answer =
            format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        // A visitor may have disconnected.
        let _ = visitor.write_all(answer.as_bytes()).await;
    }
}

/// RFC 7515 §4.1: a key that the token contains proves nothing. With each of these headers, a server that trusted it
/// would find the right key.
#[tokio::test]
async fn a_key_that_the_token_brings_along_is_not_used() {
    let fixture = Fixture::set_up().await;
    let mut own = Forge::public_half_of_its_own_key();
    let name = own.thumbprint(ThumbprintHash::SHA256).unwrap();
    let AlgorithmParameters::OctetKeyPair(half) = &own.algorithm else { panic!("{own:?}") };
    let (half, certificate) =
        (URL_SAFE_NO_PAD.decode(&half.x).unwrap(), STANDARD.decode(CERTIFICATE).unwrap());
    assert!(certificate.windows(32).any(|part| part == half), "the certificate is of that key");
    for kid in [fixture.header["kid"].as_str().unwrap(), &name] {
        own.common.key_id = Some(kid.to_owned());
        let keys = json!({"keys": [own]});
        let key_server = AttackerKeyServer::set_up(&keys).await;
        let at = |scheme: &str, path: &str| json!(format!("{scheme}://{}/{path}", key_server.address));
        for (name, value) in [
            ("jwk", json!(own)),
            ("jku", at("http", "keys")),
            ("jku", at("https", "keys")),
            ("x5u", at("http", "certificate")),
            ("x5u", at("https", "certificate")),
            ("x5c", json!([CERTIFICATE])),
            ("x5t", json!("M6hw47i8JKDdFmwnV5fP-98gnAc")),
            ("x5t#S256", json!(in_base64url(Sha256::digest(&certificate)))),
        ] {
            let mut header = fixture.header.clone();
            header["kid"] = json!(kid);
            header[name] = value;
            let token = Forge::with_a_key_of_its_own(&header, &fixture.claims);
            assert!(opens(&token, &own), "whoever believes {name} takes it");
            fixture.refused(&token, name).await;
        }
        assert_eq!(key_server.visit("keys").await, (keys.to_string(), 1), "nobody but this test has come");
    }
    fixture.ada.verify().await.ok();
}

/// Returns `true` if the signature was made with this key.
fn opens(token: &str, key: &Jwk) -> bool {
    let mut validation = Validation::new(Algorithm::EdDSA);
    (validation.validate_exp, validation.validate_aud) = (false, false);
    jsonwebtoken::decode::<Value>(token, &DecodingKey::from_jwk(key).unwrap(), &validation).is_ok()
}

#[tokio::test]
async fn a_key_id_that_is_a_path_a_query_or_a_list_opens_nothing() {
    let fixture = Fixture::set_up().await;
    for kid in [
        json!("/dev/null"),
        json!("../../../../etc/passwd"),
        json!("' OR '1'='1"),
        json!("$(id)"),
        json!("\u{0}"),
        json!("a".repeat(10_000)),
        json!(["a"]),
        json!({"kid": "a"}),
        json!(0),
        json!(""),
    ] {
        let mut header = fixture.header.clone();
        header["kid"] = kid;
        fixture.refused(&fixture.forge.access(&header, &fixture.claims), "kid").await;
    }
}

/// Covers signatures that are missing or of the wrong length, all zero, of the identity point, and with `s` beyond the
/// group's order.
#[tokio::test]
async fn a_signature_that_is_none_is_refused() {
    let fixture = Fixture::set_up().await;
    let token = fixture.ada.access_token();
    let (message, signature) = token.rsplit_once('.').unwrap();
    let good = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let mut identity = [0; 64];
    identity[0] = 1;
    // RFC 8032 §5.1.7 requires s < L; s + L would be another encoding of the same signature.
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut malleable = good.clone();
    let mut carry = 0;
    for (byte, order) in malleable[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        (*byte, carry) = (sum.to_le_bytes()[0], sum >> 8);
    }
    let swapped = [&good[32..], &good[..32]].concat();
    let forged: [&[u8]; 9] = [
        b"",
        &[0],
        &[0; 64],
        &[255; 64],
        &identity,
        &malleable,
        &swapped,
        &good[..63],
        &[good.as_slice(), &[0]].concat(),
    ];
    for signature in forged {
        fixture.refused(&format!("{message}.{}", in_base64url(signature)), &format!("{signature:?}")).await;
    }
    fixture.ada.verify().await.ok();
}

/// The cache finds a valid token by its signature: the message must be compared, too.
#[tokio::test]
async fn a_signature_that_is_remembered_opens_only_what_it_signed() {
    let fixture = Fixture::set_up().await;
    let mine = fixture.ada.access_token();
    let (message, signature) = mine.rsplit_once('.').unwrap();
    let others = fixture.app.signed_up("mallory").await.access_token();
    let (other, _) = others.rsplit_once('.').unwrap();
    let mut roles = fixture.claims.clone();
    roles["roles"] = json!(["user", "admin"]);
    let raised = fixture.forge.access(&fixture.header, &roles);
    let (raised, _) = raised.rsplit_once('.').unwrap();
    for round in 0..3 {
        // From here on it is cached.
        fixture.ada.verify().await.ok();
        for message in [other, raised, &message[1..], &message[..message.len() - 1], "", "."] {
            fixture.refused(&format!("{message}.{signature}"), &format!("{message}, round {round}")).await;
        }
    }
}

/// RFC 7515 §2: base64url without padding, line breaks or spare bits. Otherwise one token would have many encodings.
#[tokio::test]
async fn a_token_has_one_spelling() {
    let fixture = Fixture::set_up().await;
    let token = fixture.ada.access_token();
    let parts: Vec<&str> = token.split('.').collect();
    let spare = |part: &str| {
        // The last letter of 64 bytes has four spare bits, which must be zero.
        let (rest, last) = part.split_at(part.len() - 1);
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let index = alphabet.find(last).unwrap();
        format!("{rest}{}", &alphabet[index + 1..index + 2])
    };
    let with = |index: usize, part: String| {
        let mut parts: Vec<_> = parts.iter().map(|part| (*part).to_owned()).collect();
        parts[index] = part;
        parts.join(".")
    };
    fixture.refused(&with(2, spare(parts[2])), "spare bits").await;
    for (index, part) in parts.iter().enumerate() {
        for other in [
            format!("{part}="),
            format!("{part}=="),
            format!("{part}%3d"),
            format!("{part}A"),
            format!("!{part}"),
        ] {
            fixture.refused(&with(index, other), "padding").await;
        }
        let middle = part.len() / 2;
        fixture.refused(&with(index, format!("{}+/{}", &part[..middle], &part[middle..])), "alphabet").await;
    }
    let in_standard = token.replace('-', "+").replace('_', "/");
    if in_standard != token {
        fixture.refused(&in_standard, "the standard alphabet").await;
    }
}

/// RFC 7515 §4 and RFC 7519 §4: names must be unique. Otherwise two parsers could read two different tokens.
#[tokio::test]
async fn a_name_that_comes_twice_is_refused() {
    let fixture = Fixture::set_up().await;
    let (header, claims) = (fixture.header.to_string(), fixture.claims.to_string());
    let first = |text: &str, more: &str| text.replacen('{', &format!("{{{more},"), 1);
    for more in [r#""alg":"none""#, r#""kid":"another""#, r#""typ":"rt+jwt""#] {
        fixture.refused(&fixture.signed(&first(&header, more), &claims), more).await;
    }
    for more in [
        r#""sub":"01999999-9999-7999-8999-999999999999""#,
        r#""exp":9999999999"#,
        r#""roles":["admin"]"#,
        r#""iss":"https://evil.test""#,
        r#""aud":"https://evil.test""#,
    ] {
        fixture.refused(&fixture.signed(&header, &first(&claims, more)), more).await;
    }
    fixture.app.get("/api/auth/verify").bearer(&fixture.signed(&header, &claims)).await.ok();
}

#[tokio::test]
async fn numbers_at_the_edge_neither_open_nor_break_anything() {
    let fixture = Fixture::set_up().await;
    let now = fixture.app.now().as_seconds();
    let text = fixture.claims.to_string();
    let exp = |value: &str| {
        text.replacen(&format!("\"exp\":{}", fixture.claims["exp"]), &format!("\"exp\":{value}"), 1)
    };
    for value in [
        "1e400",
        "-1e400",
        "NaN",
        "Infinity",
        "1e18",
        "9223372036854775808",
        "18446744073709551615",
        "-0.5",
        "true",
        "[]",
        "{}",
        "\"\"",
        "4102444800.0",
        "0x7fffffff",
        "+1",
        "01",
    ] {
        let token = fixture.signed(&fixture.header.to_string(), &exp(value));
        let answer = fixture.app.get("/api/auth/verify").bearer(&token).await;
        assert_eq!(answer.status, 401, "{value}: {answer}");
    }
    let token = |seconds: i64| fixture.signed(&fixture.header.to_string(), &exp(&seconds.to_string()));
    // The largest number is in the far future, not in the past.
    let answer = fixture.app.get("/api/auth/verify").bearer(&token(i64::MAX)).await;
    assert!(matches!(answer.status, 200 | 401), "{answer}");
    fixture.app.get("/api/auth/verify").bearer(&token(now + 1)).await.ok();
    fixture.app.get("/api/auth/verify").bearer(&token(now)).await.problem(ErrorCode::TokenExpired);
    fixture.app.clock.advance(SECOND);
    fixture.app.get("/api/auth/verify").bearer(&token(now + 1)).await.problem(ErrorCode::TokenExpired);
}

/// Covers other serializations of signed messages, and text around a token.
#[tokio::test]
async fn only_the_compact_form_is_a_token() {
    let fixture = Fixture::set_up().await;
    let token = fixture.ada.access_token();
    let parts: Vec<&str> = token.split('.').collect();
    let flattened = json!({"protected": parts[0], "payload": parts[1], "signature": parts[2]}).to_string();
    let general =
        json!({"payload": parts[1], "signatures": [{"protected": parts[0], "signature": parts[2]}]});
    let nested = in_base64url(&token);
    for other in [
        flattened,
        general.to_string(),
        format!("{}.{nested}.{}", parts[0], parts[2]),
        format!("{}..{}", parts[0], parts[2]),
        format!(".{}.{}", parts[1], parts[2]),
        format!("{}.{}.{}.{}.{}", parts[0], parts[1], parts[2], parts[1], parts[2]),
        format!("{token}."),
        format!(".{token}"),
        format!("\"{token}\""),
    ] {
        fixture.refused(&other, &other).await;
    }
}

/// A large token costs its sender more than the server.
#[tokio::test]
async fn a_huge_token_is_refused() {
    let fixture = Fixture::set_up().await;
    let mut claims = fixture.claims.clone();
    claims["more"] = json!("a".repeat(20_000));
    let token = Forge::with_a_key_of_its_own(&fixture.header, &claims);
    fixture.refused(&token, "huge").await;
    let deep = format!("{}{}", "[".repeat(7_000), "]".repeat(7_000));
    let token = fixture.signed(&fixture.header.to_string(), &deep);
    fixture.refused(&token, "deep").await;
}
