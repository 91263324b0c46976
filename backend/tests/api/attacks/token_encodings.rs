//! Correctly signed tokens in invalid encodings: the signature covers the text as sent. A lenient parser would read one
//! token where another parser reads a different one. Together with `signatures.rs`, these are the cases of the
//! Wycheproof project.

use super::fixture::Fixture;
use crate::support::*;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::Algorithm;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// RFC 7515 §2: base64url without padding, line breaks, white space or spare bits, even though the signature is valid
/// for them.
#[tokio::test]
async fn a_well_signed_token_in_another_spelling_is_refused() {
    let fixture = Fixture::set_up().await;
    let refresh = fixture.ada.refresh_token();
    let texts = [
        (fixture.header.to_string(), fixture.claims.to_string()),
        (header_of(&refresh).to_string(), claims_of(&refresh).to_string()),
    ];
    let sign = |index: usize, header: &str, claims: &str| {
        let message = format!("{header}.{claims}");
        match index {
            0 => fixture.forge.access_as_written(&message),
            _ => fixture.forge.refresh_as_written(&message, Algorithm::HS256),
        }
    };
    for (index, (header, claims)) in texts.iter().enumerate() {
        let good = sign(index, &in_base64url(header), &in_base64url(claims));
        if index == 0 {
            fixture.access_is_taken(&good);
        } else {
            fixture.refresh_is_taken(&good);
        }
        for (what, header) in spellings(header) {
            fixture.is_refused(&sign(index, &header, &in_base64url(claims)), what);
        }
        for (what, claims) in spellings(claims) {
            fixture.is_refused(&sign(index, &in_base64url(header), &claims), what);
        }
    }
}

/// Returns the text in invalid variants of base64url.
fn spellings(text: &str) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    // A trailing space is insignificant in JSON; it yields one, two or no spare letters.
    for padded in [text.to_owned(), format!("{text} "), format!("{text}  ")] {
        let part = in_base64url(&padded);
        let middle = part.len() / 2;
        for strange in ["\n", "\r\n", " ", "\t", "\0", "\u{feff}", "=", "-", "%2d", "*", "가"] {
            // A further letter in the middle may still be valid base64url, of a different text.
            if strange != "-" {
                all.push(("in the middle", format!("{}{strange}{}", &part[..middle], &part[middle..])));
            }
            all.push(("at the end", format!("{part}{strange}")));
            all.push(("at the beginning", format!("{strange}{part}")));
        }
        let standard = STANDARD.encode(&padded);
        if standard != part {
            all.push(("the standard alphabet, or its padding", standard));
        }
        all.extend(with_spare_bits(&part).into_iter().map(|part| ("spare bits", part)));
    }
    all
}

/// Returns every other last letter that differs only in the spare bits.
fn with_spare_bits(part: &str) -> Vec<String> {
    let spare = match part.len() % 4 {
        2 => 16,
        3 => 4,
        _ => 1,
    };
    let (rest, last) = part.split_at(part.len() - 1);
    let value = ALPHABET.iter().position(|letter| *letter == last.as_bytes()[0]).unwrap();
    (1..spare).map(|bits| format!("{rest}{}", char::from(ALPHABET[value + bits]))).collect()
}

#[tokio::test]
async fn a_signature_has_no_spare_bits_either() {
    let fixture = Fixture::set_up().await;
    for token in [fixture.ada.access_token(), fixture.ada.refresh_token()] {
        let others = with_spare_bits(token.rsplit('.').next().unwrap());
        assert!(others.len() == 15 || others.len() == 3);
        for other in others {
            let message = token.rsplit_once('.').unwrap().0;
            fixture.is_refused(&format!("{message}.{other}"), "spare bits");
        }
    }
}

#[tokio::test]
async fn a_well_signed_header_that_is_no_plain_object_is_refused() {
    let fixture = Fixture::set_up().await;
    let (header, claims) = (fixture.header.to_string(), fixture.claims.to_string());
    let inner = &header[1..header.len() - 1];
    for other in [
        format!("\u{feff}{header}"),
        format!("{header}{header}"),
        format!("{header},"),
        format!("{header}\0"),
        format!("[{header}]"),
        format!("\"{}\"", header.replace('"', "\\\"")),
        format!("{{{inner},}}"),
        format!("{{/**/{inner}}}"),
        format!("{{'a':1,{inner}}}"),
        format!("{{a:1,{inner}}}"),
        format!("{{{inner}"),
        format!("{{\"header\":{header}}}"),
        inner.to_owned(),
        "null".to_owned(),
        "{}".to_owned(),
        String::new(),
    ] {
        fixture.is_refused(&fixture.signed(&other, &claims), &other);
    }
    let mut not_utf8 = header.clone().into_bytes();
    let place = not_utf8.len() - 2;
    not_utf8.splice(place..place, [0xff]);
    let message = format!("{}.{}", in_base64url(not_utf8), in_base64url(&claims));
    fixture.is_refused(&fixture.forge.access_as_written(&message), "not UTF-8");
    // White space is permitted: the object is the same.
    fixture.access_is_taken(&fixture.signed(&format!(" {header}\n"), &claims));
}

#[tokio::test]
async fn a_well_signed_payload_that_is_no_plain_object_is_refused() {
    let fixture = Fixture::set_up().await;
    let (header, claims) = (fixture.header.to_string(), fixture.claims.to_string());
    let good = fixture.ada.access_token();
    for other in [
        format!("\u{feff}{claims}"),
        format!("{claims}{claims}"),
        format!("{claims}]"),
        format!("[{claims}]"),
        format!("\"{}\"", claims.replace('"', "\\\"")),
        format!("{{\"claims\":{claims}}}"),
        good.clone(),
        format!("\"{good}\""),
        String::new(),
    ] {
        fixture.is_refused(&fixture.signed(&header, &other), &other);
    }
}

/// RFC 7519 §4: names are compared after their escapes are decoded.
#[tokio::test]
async fn a_name_behind_an_escape_is_the_same_name() {
    let fixture = Fixture::set_up().await;
    let (header, claims) = (fixture.header.to_string(), fixture.claims.to_string());
    let with = |text: &str, more: &str| format!("{},{more}}}", &text[..text.len() - 1]);
    for more in [r#""\u0061lg":"none""#, r#""k\u0069d":"another""#, r#""\u0074yp":"rt+jwt""#] {
        fixture.is_refused(&fixture.signed(&with(&header, more), &claims), more);
    }
    for more in [r#""\u0065xp":9999999999"#, r#""role\u0073":["admin"]"#, r#""s\u0075b":null"#] {
        fixture.is_refused(&fixture.signed(&header, &with(&claims, more)), more);
    }
    let escaped = header.replacen("\"alg\"", r#""\u0061lg""#, 1);
    assert_ne!(escaped, header);
    fixture.access_is_taken(&fixture.signed(&escaped, &claims));
}

/// RFC 7515 §4.1.1: the name is case-sensitive, and every character counts.
#[tokio::test]
async fn an_algorithm_is_named_exactly() {
    let fixture = Fixture::set_up().await;
    let refresh = fixture.ada.refresh_token();
    let (refresh_header, refresh_claims) = (header_of(&refresh), claims_of(&refresh));
    let other = [
        json!("EDDSA"),
        json!("Eddsa"),
        json!(" EdDSA"),
        json!("EdDSA\u{0}"),
        json!("EdDSA\n"),
        json!("EdDSA,none"),
        json!("Ed448"),
        json!("ES256K"),
        json!("ES512"),
        json!("RS512"),
        json!("PS512"),
        json!("dir"),
        json!("RSA-OAEP"),
        json!("hs256"),
        json!("Hs256"),
        json!("HS256 "),
        json!("HS1"),
        json!("HS256/64"),
        json!(["EdDSA"]),
        json!(["HS256"]),
        json!({"EdDSA": true}),
        json!(0),
        json!(true),
        json!(null),
    ];
    for alg in other {
        let (mut access, mut refresh) = (fixture.header.clone(), refresh_header.clone());
        (access["alg"], refresh["alg"]) = (alg.clone(), alg.clone());
        fixture.is_refused(&fixture.forge.access(&access, &fixture.claims), &alg.to_string());
        fixture.is_refused(&fixture.forge.refresh(&refresh, &refresh_claims), &alg.to_string());
    }
}

/// RFC 7797 and RFC 7515 appendix F: the payload has to be in the token, and encoded.
#[tokio::test]
async fn a_payload_that_is_not_encoded_or_not_there_is_refused() {
    let fixture = Fixture::set_up().await;
    let claims = fixture.claims.to_string();
    for header in [json!({"b64": false}), json!({"b64": false, "crit": ["b64"]}), json!({})] {
        let mut all = fixture.header.clone();
        all.as_object_mut().unwrap().extend(header.as_object().unwrap().clone());
        let header = in_base64url(all.to_string());
        let unencoded = fixture.forge.access_as_written(&format!("{header}.{claims}"));
        fixture.is_refused(&unencoded, "not encoded");
        for message in [format!("{header}.{claims}"), format!("{header}.{}", in_base64url(&claims))] {
            let signed = fixture.forge.access_as_written(&message);
            let signature = signed.rsplit('.').next().unwrap();
            fixture.is_refused(&format!("{header}..{signature}"), "detached");
        }
    }
}

/// RFC 8725 §3.6, §3.9: neither is unpacked, whatever the header declares.
#[tokio::test]
async fn a_token_in_a_token_and_a_compressed_one_are_refused() {
    let fixture = Fixture::set_up().await;
    let claims = fixture.claims.to_string();
    let length = u16::try_from(claims.len()).unwrap();
    // One stored block (RFC 1951 §3.2.4).
    let stored = [&[1][..], &length.to_le_bytes(), &(!length).to_le_bytes(), claims.as_bytes()].concat();
    let with = |name: &str, value: &str| {
        let mut header = fixture.header.clone();
        header[name] = json!(value);
        in_base64url(header.to_string())
    };
    for (header, payload) in [
        (with("zip", "DEF"), stored),
        (with("cty", "JWT"), fixture.ada.access_token().into_bytes()),
        (with("cty", "JWT"), fixture.ada.refresh_token().into_bytes()),
    ] {
        let message = format!("{header}.{}", in_base64url(payload));
        fixture.is_refused(&fixture.forge.access_as_written(&message), &header);
    }
    // Five parts form an encrypted token (RFC 7516 §3.1), which this server never issues.
    let encrypted = with("enc", "A256GCM");
    let token = fixture.ada.access_token();
    let parts: Vec<&str> = token.split('.').collect();
    fixture.is_refused(&format!("{encrypted}..{}.{}.{}", parts[2], parts[1], parts[2]), "JWE");
    fixture.is_refused(&format!("{}.{}.{}..", parts[0], parts[1], parts[2]), "JWE");
}
