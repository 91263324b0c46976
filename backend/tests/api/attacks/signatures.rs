//! Invalid signatures and MACs that other implementations were found to accept: the cases of the Wycheproof project's
//! vectors for Ed25519, HMAC and JWS that `forging.rs` and `tokens.rs` do not cover, made here with keys of our own.

use super::fixture::Fixture;
use crate::support::*;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::Algorithm;

/// Order of the group (RFC 8032 §5.1), little-endian.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// Returns the token without its signature, and the signature.
fn apart(token: &str) -> (&str, Vec<u8>) {
    let (message, signature) = token.rsplit_once('.').unwrap();
    (message, URL_SAFE_NO_PAD.decode(signature).unwrap())
}

fn with_signature(message: &str, signature: impl AsRef<[u8]>) -> String {
    format!("{message}.{}", in_base64url(signature))
}

#[tokio::test]
async fn no_single_bit_of_a_signature_or_of_a_mac_can_be_changed() {
    let fixture = Fixture::set_up().await;
    for token in [fixture.ada.access_token(), fixture.ada.refresh_token()] {
        let (message, good) = apart(&token);
        for bit in 0..good.len() * 8 {
            let mut changed = good.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            fixture.is_refused(&with_signature(message, changed), &format!("bit {bit}"));
        }
    }
    fixture.access_is_taken(&fixture.ada.access_token());
    fixture.refresh_is_taken(&fixture.ada.refresh_token());
}

/// RFC 8032 §5.1.7: `s` must be below the order, otherwise one signature would have many encodings.
#[tokio::test]
async fn a_signature_is_taken_only_with_its_least_s() {
    let fixture = Fixture::set_up().await;
    let token = fixture.ada.access_token();
    let (message, good) = apart(&token);
    let mut s: [u8; 32] = good[32..].try_into().unwrap();
    // Fifteen times the order still fits into 32 bytes.
    for times in 1..=15 {
        s = sum(s, ORDER);
        let other = [&good[..32], &s].concat();
        fixture.is_refused(&with_signature(message, other), &format!("s and {times} times the order"));
    }
    let mut just_below = ORDER;
    just_below[0] -= 1;
    for other in [[0; 32], just_below, ORDER, sum(ORDER, [1; 32]), [0xff; 32]] {
        let other = [&good[..32], &other].concat();
        fixture.is_refused(&with_signature(message, other), "another s");
    }
}

fn sum(one: [u8; 32], other: [u8; 32]) -> [u8; 32] {
    let mut carry = 0;
    std::array::from_fn(|index| {
        let sum = u16::from(one[index]) + u16::from(other[index]) + carry;
        carry = sum >> 8;
        sum.to_le_bytes()[0]
    })
}

/// With a point of small order for `R`, a careless verifier cancels the equation. Each point is also encoded in invalid
/// ways: with the sign of zero, or with a coordinate beyond the field's prime.
#[tokio::test]
async fn a_point_of_small_order_signs_nothing() {
    let fixture = Fixture::set_up().await;
    let token = fixture.ada.access_token();
    let (message, good) = apart(&token);
    let ends = |first: u8, middle: u8, last: u8| {
        let mut point = [middle; 32];
        (point[0], point[31]) = (first, last);
        point
    };
    const OF_ORDER_8: [[u8; 32]; 2] = [
        [
            0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
            0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
        ],
        [
            0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
            0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
        ],
    ];
    let mut points = vec![ends(0, 0, 0), ends(0, 0, 0x80), ends(1, 0, 0), ends(1, 0, 0x80)];
    // From one below the prime to the largest number that can be encoded.
    for first in 0xec..=0xff {
        points.extend([ends(first, 0xff, 0x7f), ends(first, 0xff, 0xff)]);
    }
    for mut point in OF_ORDER_8 {
        points.push(point);
        point[31] ^= 0x80;
        points.push(point);
    }
    for point in points {
        for s in [&[0; 32][..], &good[32..]] {
            let signature = [&point[..], s].concat();
            fixture.is_refused(&with_signature(message, &signature), &format!("{signature:02x?}"));
        }
    }
}

#[tokio::test]
async fn a_signature_holds_for_its_own_message_and_as_raw_bytes_alone() {
    let fixture = Fixture::set_up().await;
    let (one, other) = (fixture.ada.access_token(), fixture.ada.elsewhere().await.access_token());
    let (message, good) = apart(&one);
    let (claims, others) = (one.split('.').nth(1).unwrap(), apart(&other).1);
    fixture.is_refused(&with_signature(message, &others), "of another token");
    fixture.is_refused(
        &with_signature(message, apart(&fixture.forge.access_as_written(claims)).1),
        "of the claims",
    );
    let decoded = String::from_utf8(URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    for signed in [decoded.as_str(), "", "."] {
        let signature = apart(&fixture.forge.access_as_written(signed)).1;
        fixture.is_refused(&with_signature(message, signature), "of another message");
    }
    let hex: String = good.iter().map(|byte| format!("{byte:02x}")).collect();
    // Two INTEGERs in a SEQUENCE, as ECDSA signatures are encoded.
    let der = [&[0x30, 68, 2, 32][..], &good[..32], &[2, 32], &good[32..]].concat();
    let reversed: Vec<u8> = good.iter().rev().copied().collect();
    for (what, signature) in [
        ("hex", hex.as_bytes()),
        ("base64 twice", STANDARD.encode(&good).as_bytes()),
        ("ASN.1", &der[..]),
        ("reversed", &reversed[..]),
        ("twice", &good.repeat(2)[..]),
        ("a leading zero", &[&[0], good.as_slice()].concat()[..]),
        ("the first half", &good[..32]),
    ] {
        fixture.is_refused(&with_signature(message, signature), what);
    }
}

/// RFC 8725 §3.1, §2.1: the public key is known to everybody, however it is encoded.
#[tokio::test]
async fn the_published_key_is_no_shared_secret_in_any_of_its_forms() {
    let fixture = Fixture::set_up().await;
    let set = fixture.app.get("/.well-known/jwks.json").await;
    let key = set.json()["keys"][0].clone();
    // SubjectPublicKeyInfo (RFC 8410 §4).
    let der = [&[48, 42, 48, 5, 6, 3, 43, 101, 112, 3, 33, 0][..], &fixture.forge.public].concat();
    let lines = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----", STANDARD.encode(&der));
    let forms = [
        der.clone(),
        STANDARD.encode(&der).into_bytes(),
        lines.clone().into_bytes(),
        format!("{lines}\n").into_bytes(),
        lines.replace('\n', "\r\n").into_bytes(),
        STANDARD.encode(&fixture.forge.public).into_bytes(),
        fixture.forge.public.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into_bytes(),
        key.to_string().into_bytes(),
        set.bytes,
        fixture.header["kid"].as_str().unwrap().as_bytes().to_vec(),
    ];
    let refresh_header = header_of(&fixture.ada.refresh_token());
    let refresh_claims = fixture.forge.refresh_claims(&fixture.ada);
    for secret in forms {
        for (name, algorithm) in
            [("HS256", Algorithm::HS256), ("HS384", Algorithm::HS384), ("HS512", Algorithm::HS512)]
        {
            for kid in [&fixture.header["kid"], &refresh_header["kid"]] {
                let header = json!({"alg": name, "typ": "at+jwt", "kid": kid});
                fixture.is_refused(&Forge::hmac(&header, &fixture.claims, &secret, algorithm), name);
                let header = json!({"alg": name, "typ": "rt+jwt", "kid": kid});
                fixture.is_refused(&Forge::hmac(&header, &refresh_claims, &secret, algorithm), name);
            }
        }
    }
}

#[tokio::test]
async fn a_mac_is_whole_and_of_the_one_hash() {
    let fixture = Fixture::set_up().await;
    let token = fixture.ada.refresh_token();
    let (message, good) = apart(&token);
    let mac = |algorithm| apart(&fixture.forge.refresh_as_written(message, algorithm)).1;
    assert_eq!(mac(Algorithm::HS256), good);
    for length in 0..good.len() {
        fixture.is_refused(&with_signature(message, &good[..length]), &format!("the first {length} bytes"));
        fixture.is_refused(&with_signature(message, &good[good.len() - length..]), "the last bytes");
    }
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        let other = mac(algorithm);
        for length in [20, 32, other.len()] {
            fixture.is_refused(&with_signature(message, &other[..length]), "of another hash");
        }
    }
    for other in [&[0; 32][..], &[0xff; 32], &[good.as_slice(), &[0]].concat(), &good.repeat(2)] {
        fixture.is_refused(&with_signature(message, other), &format!("{other:02x?}"));
    }
    // The right secret, and a header that names the algorithm used: still not one that this server accepts.
    let (header, claims) = (header_of(&token), in_base64url(claims_of(&token).to_string()));
    for (name, algorithm) in [("HS384", Algorithm::HS384), ("HS512", Algorithm::HS512)] {
        let mut header = header.clone();
        header["alg"] = json!(name);
        let message = format!("{}.{claims}", in_base64url(header.to_string()));
        fixture.is_refused(&fixture.forge.refresh_as_written(&message, algorithm), name);
    }
}

/// RFC 8725 §3.5: the secret is 32 bytes, not their encoding as text.
#[tokio::test]
async fn a_secret_counts_as_its_bytes_alone() {
    let fixture = Fixture::set_up().await;
    let secret = [9; 32];
    let text = in_base64url(secret);
    let app = TestApp::with(&[("tokens.refresh_secret", text.as_str())]).await;
    let ada = app.signed_up("ada").await;
    let (header, claims) = (header_of(&ada.refresh_token()), fixture.forge.refresh_claims(&ada));
    let read = |secret: &[u8]| {
        let token = Forge::hmac(&header, &claims, secret, Algorithm::HS256);
        app.state.tokens.refresh_tokens.read(&token.as_str().into(), app.now())
    };
    assert!(read(&secret).is_ok());
    for other in [text.as_bytes(), &secret[..31], &[secret.as_slice(), b"\n"].concat(), b"", b" "] {
        assert!(read(other).is_err(), "{other:02x?}");
    }
}

/// An accepted key is accepted under its own ID only: otherwise revoking the key would not revoke its tokens.
#[tokio::test]
async fn a_key_signs_under_its_own_id_alone() {
    let fixture = Fixture::set_up().await;
    let config = &fixture.app.state.config;
    let lead = 10 * MINUTE;
    let rotated =
        latchkey::tokens::rotate(config, lead, fixture.app.now(), &latchkey::platform::OsRandomness);
    let new_kid = rotated.unwrap().kid;
    assert!(fixture.app.state.tokens.keys.reload(config).unwrap());
    let good = fixture.forge.access(&fixture.header, &fixture.claims);
    let refresh_kid = header_of(&fixture.ada.refresh_token())["kid"].clone();
    let own_kid = fixture.header["kid"].as_str().unwrap();
    let others = [
        json!(new_kid),
        refresh_kid,
        json!(format!("{own_kid} ")),
        json!(own_kid.to_lowercase()),
        json!(&own_kid[1..]),
        json!([own_kid]),
        json!(null),
    ];
    for kid in others.into_iter().filter(|kid| kid != own_kid) {
        let mut header = fixture.header.clone();
        header["kid"] = kid;
        fixture.is_refused(&fixture.forge.access(&header, &fixture.claims), &header.to_string());
    }
    fixture.access_is_taken(&good);
}

/// Removing a key is what an operator does after a theft: tokens that were verified before must not outlive it.
#[tokio::test]
async fn a_key_that_is_removed_takes_the_tokens_along_that_were_verified_with_it() {
    let fixture = Fixture::set_up().await;
    let (app, config) = (&fixture.app, &fixture.app.state.config);
    let good = fixture.forge.access(&fixture.header, &fixture.claims);
    fixture.access_is_taken(&good);
    latchkey::tokens::rotate(config, MINUTE, app.now(), &latchkey::platform::OsRandomness).unwrap();
    assert!(app.state.tokens.keys.reload(config).unwrap());
    // A key that is added changes nothing for the others.
    fixture.access_is_taken(&good);
    let file = config.data_dir.join("secrets.json");
    let mut secrets: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    secrets["signing"].as_array_mut().unwrap().remove(0);
    std::fs::write(&file, secrets.to_string()).unwrap();
    assert!(app.state.tokens.keys.reload(config).unwrap());
    fixture.is_refused(&good, "its key has been removed");
}
