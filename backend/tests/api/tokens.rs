//! Invalid tokens: each is refused with its error code and changes nothing.

use crate::support::*;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::Algorithm;

/// Fixture for forging tokens.
struct Fixture {
    app: TestApp,
    ada: Person,
    forge: Forge,
    /// Header and claims of a valid access token.
    header: Value,
    claims: Value,
    /// Header and claims of a valid refresh token.
    refresh_header: Value,
    refresh_claims: Value,
    before: Vec<String>,
}

impl Fixture {
    async fn set_up() -> Self {
        let app = TestApp::spawn().await;
        let ada = app.signed_up("ada").await;
        let forge = app.forge();
        Self {
            header: header_of(&ada.access_token()),
            claims: ada.claims(),
            refresh_header: header_of(&ada.refresh_token()),
            refresh_claims: forge.refresh_claims(&ada),
            before: app.everything().await,
            app,
            ada,
            forge,
        }
    }

    async fn access_is_refused(&self, token: &str, what: &str) {
        for path in ["/api/auth/verify", "/api/me"] {
            let answer = self.app.get(path).bearer(token).await;
            assert_eq!(answer.status, 401, "{what}: {answer}");
            answer.problem(ErrorCode::TokenInvalid);
        }
    }

    async fn refresh_is_refused(&self, token: &str, what: &str) {
        let in_cookie = self.app.post("/api/auth/refresh", &json!({})).cookie(token).await;
        let in_body = self.app.post("/api/auth/refresh", &json!({"refresh_token": token})).await;
        for answer in [in_cookie, in_body] {
            assert_eq!(answer.status, 401, "{what}: {answer}");
            answer.problem(ErrorCode::TokenInvalid);
            assert_eq!(answer.set_cookie(), None, "{what}");
        }
        let log_out = self.app.post("/api/auth/logout", &json!({})).cookie(token).await;
        log_out.no_content();
    }

    /// Asserts that nothing has changed, and that the person's tokens still work.
    async fn nothing_has_happened(&self) {
        assert_eq!(self.app.everything().await, self.before);
        self.ada.verify().await.ok();
        self.ada.refresh().await.ok();
        self.ada.verify().await.ok();
    }
}

/// Returns the object with one field changed, or without it if `value` is `None`.
fn with(object: &Value, field: &str, value: Option<Value>) -> Value {
    let mut object = object.clone();
    match value {
        Some(value) => object[field] = value,
        None => drop(object.as_object_mut().unwrap().remove(field)),
    }
    object
}

/// Returns the token with one letter changed in one of its parts.
fn damaged(token: &str, part: usize) -> String {
    let mut parts: Vec<_> = token.split('.').map(str::to_owned).collect();
    // The last letter of a part may contain spare bits; one in the middle never does.
    let middle = parts[part].len() / 2;
    let letter = if parts[part].as_bytes()[middle] == b'A' { "B" } else { "A" };
    parts[part].replace_range(middle..=middle, letter);
    parts.join(".")
}

#[tokio::test]
async fn the_forge_can_make_tokens_that_are_taken() {
    let fixture = Fixture::set_up().await;
    let access = fixture.forge.access(&fixture.header, &fixture.claims);
    assert_eq!(fixture.app.get("/api/auth/verify").bearer(&access).await.ok(), fixture.claims);
    let refresh = fixture.forge.refresh(&fixture.refresh_header, &fixture.refresh_claims);
    fixture.ada.refresh_with(&refresh).await.ok();
}

#[tokio::test]
async fn a_token_that_was_tampered_with_is_refused() {
    let fixture = Fixture::set_up().await;
    let (access, refresh) = (fixture.ada.access_token(), fixture.ada.refresh_token());
    for part in 0..3 {
        fixture.access_is_refused(&damaged(&access, part), &format!("part {part}")).await;
        fixture.refresh_is_refused(&damaged(&refresh, part), &format!("part {part}")).await;
    }
    let admin = in_base64url(with(&fixture.claims, "roles", Some(json!(["admin"]))).to_string());
    let parts: Vec<_> = access.split('.').collect();
    fixture.access_is_refused(&format!("{}.{admin}.{}", parts[0], parts[2]), "other claims").await;
    fixture.nothing_has_happened().await;
}

#[tokio::test]
async fn a_token_of_the_other_kind_is_refused() {
    let fixture = Fixture::set_up().await;
    fixture.access_is_refused(&fixture.ada.refresh_token(), "refresh as access").await;
    fixture.refresh_is_refused(&fixture.ada.access_token(), "access as refresh").await;
    for typ in [json!("JWT"), json!("rt+jwt"), json!("AT+JWT "), json!(""), json!(null)] {
        let header = with(&fixture.header, "typ", Some(typ));
        fixture.access_is_refused(&fixture.forge.access(&header, &fixture.claims), &header.to_string()).await;
    }
    for typ in [json!("JWT"), json!("at+jwt"), json!(""), json!(null)] {
        let header = with(&fixture.refresh_header, "typ", Some(typ));
        let token = fixture.forge.refresh(&header, &fixture.refresh_claims);
        fixture.refresh_is_refused(&token, &header.to_string()).await;
    }
    let untyped = with(&fixture.header, "typ", None);
    fixture.access_is_refused(&fixture.forge.access(&untyped, &fixture.claims), "no type").await;
    fixture.nothing_has_happened().await;
}

#[tokio::test]
async fn a_token_of_another_issuer_with_the_same_secrets_is_refused() {
    let fixture = Fixture::set_up().await;
    let other = fixture.app.with_the_same_secrets(&[("public_url", "https://other.example.org")]).await;
    let eve = other.signed_up("eve").await;
    other.get("/api/auth/verify").bearer(&eve.access_token()).await.ok();
    fixture.access_is_refused(&eve.access_token(), "another issuer").await;
    fixture.refresh_is_refused(&eve.refresh_token(), "another issuer").await;
    fixture.nothing_has_happened().await;
}

#[tokio::test]
async fn a_token_of_a_server_with_other_secrets_is_refused() {
    let fixture = Fixture::set_up().await;
    let other = TestApp::spawn().await.signed_up("ada").await;
    fixture.access_is_refused(&other.access_token(), "another key").await;
    fixture.refresh_is_refused(&other.refresh_token(), "another secret").await;
    let own = Forge::with_a_key_of_its_own(&fixture.header, &fixture.claims);
    fixture.access_is_refused(&own, "a key of the forger's own").await;
    let own = Forge::hmac(&fixture.refresh_header, &fixture.refresh_claims, &[7; 32], Algorithm::HS256);
    fixture.refresh_is_refused(&own, "a secret of the forger's own").await;
    fixture.nothing_has_happened().await;
}

/// Returns every combination of upper and lower case of `none`, and similar values.
fn spellings_of_none() -> Vec<String> {
    let cases = (0..16_u8).map(|mask| {
        let letters = "none".chars().enumerate();
        let cased = letters.map(|(at, c)| if mask & (1 << at) == 0 { c } else { c.to_ascii_uppercase() });
        cased.collect()
    });
    let spaced =
        [" none", "none ", " None ", "no ne", "none\t", "\nnone", "none\0", "none,EdDSA", "\u{a0}none", ""];
    cases.chain(spaced.map(str::to_owned)).collect()
}

#[tokio::test]
async fn a_token_without_a_signature_is_refused_however_none_is_spelled() {
    let fixture = Fixture::set_up().await;
    for none in spellings_of_none() {
        for (header, claims) in
            [(&fixture.header, &fixture.claims), (&fixture.refresh_header, &fixture.refresh_claims)]
        {
            let header = in_base64url(with(header, "alg", Some(json!(none))).to_string());
            let claims = in_base64url(claims.to_string());
            for token in [
                format!("{header}.{claims}."),
                format!("{header}.{claims}"),
                format!("{header}.{claims}.AAAA"),
            ] {
                fixture.access_is_refused(&token, &none).await;
                fixture.refresh_is_refused(&token, &none).await;
            }
        }
    }
    fixture.nothing_has_happened().await;
}

/// Returns every encoding of the public key whose bytes could be mistaken for a shared secret.
async fn forms_of_the_public_key(fixture: &Fixture) -> Vec<Vec<u8>> {
    let point = fixture.forge.public.as_slice();
    // SubjectPublicKeyInfo (RFC 8410 §4).
    const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    let der = [SPKI.as_slice(), point].concat();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----", STANDARD.encode(&der));
    let published = fixture.app.get("/.well-known/jwks.json").await;
    let (keys, jwk) = (String::from_utf8(published.bytes.clone()).unwrap(), &published.ok()["keys"][0]);
    let as_published = keys.trim_start_matches("{\"keys\":[").trim_end_matches("]}").to_owned();
    assert_eq!(serde_json::from_str::<Value>(&as_published).unwrap(), *jwk);
    // RFC 7638 §3: the members that make up the key, in the order of their names, without white space.
    let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":{}}}"#, jwk["x"]);
    let x = jwk["x"].as_str().unwrap();
    assert_eq!((x, jwk["crv"].as_str()), (&*in_base64url(point), Some("Ed25519")));
    let texts = [
        x.to_owned(),
        format!("{x}="),
        STANDARD.encode(point),
        STANDARD.encode(&der),
        in_base64url(&der),
        pem.clone(),
        format!("{pem}\n"),
        pem.replace('\n', "\r\n"),
        pem.replace('\n', ""),
        canonical,
        jwk.to_string(),
        serde_json::to_string_pretty(jwk).unwrap(),
        as_published,
        keys,
        jwk["kid"].as_str().unwrap().to_owned(),
    ];
    let bytes = [point.to_vec(), der, Vec::new()];
    bytes.into_iter().chain(texts.map(String::into_bytes)).collect()
}

#[tokio::test]
async fn a_token_that_names_another_algorithm_is_refused() {
    let fixture = Fixture::set_up().await;
    let (Fixture { header, claims, forge, .. }, forms) = (&fixture, forms_of_the_public_key(&fixture).await);
    for (name, algorithm) in
        [("HS256", Algorithm::HS256), ("HS384", Algorithm::HS384), ("HS512", Algorithm::HS512)]
    {
        let header = with(header, "alg", Some(json!(name)));
        let refresh_header = with(&fixture.refresh_header, "alg", Some(json!(name)));
        for secret in &forms {
            let what = format!("{name} with {}", String::from_utf8_lossy(secret));
            fixture.access_is_refused(&Forge::hmac(&header, claims, secret, algorithm), &what).await;
            let token = Forge::hmac(&refresh_header, &fixture.refresh_claims, secret, algorithm);
            fixture.refresh_is_refused(&token, &what).await;
        }
    }
    for name in ["HS256", "ES256", "RS256", "PS256", "Ed25519", "eddsa", "EdDSA "] {
        let header = with(header, "alg", Some(json!(name)));
        fixture.access_is_refused(&forge.access(&header, claims), name).await;
    }
    let asymmetric = with(&fixture.refresh_header, "alg", Some(json!("EdDSA")));
    fixture.refresh_is_refused(&forge.access(&asymmetric, &fixture.refresh_claims), "EdDSA").await;
    fixture.nothing_has_happened().await;
}

#[tokio::test]
async fn a_well_signed_token_that_says_the_wrong_thing_is_refused() {
    let fixture = Fixture::set_up().await;
    let other = || Some(json!("https://other.example.org"));
    let wrong = [
        ("iss", other()),
        ("iss", Some(json!("http://localhost:8080/"))),
        ("iss", Some(json!(["http://localhost:8080"]))),
        ("aud", other()),
        ("aud", Some(json!(""))),
        ("sub", Some(json!("ada"))),
        ("sid", Some(json!(7))),
        ("gen", Some(json!(-1))),
        ("gen", Some(json!("0"))),
        ("roles", Some(json!("admin"))),
        ("exp", Some(json!("4102444800"))),
        ("exp", Some(json!(4_102_444_800.5))),
        ("exp", Some(json!(-1))),
        ("exp", Some(json!(i64::MIN))),
        ("exp", Some(json!(null))),
        ("iat", Some(json!("now"))),
        ("jti", Some(json!(""))),
    ];
    let missing = ["iss", "aud", "sub", "sid", "gen", "roles", "auth_time", "iat", "exp", "jti"]
        .map(|name| (name, None));
    for (field, value) in wrong.into_iter().chain(missing) {
        let claims = with(&fixture.claims, field, value);
        fixture.access_is_refused(&fixture.forge.access(&fixture.header, &claims), &claims.to_string()).await;
    }
    fixture.nothing_has_happened().await;
}

#[tokio::test]
async fn a_well_signed_refresh_token_that_says_the_wrong_thing_is_refused() {
    let fixture = Fixture::set_up().await;
    let wrong = [
        ("iss", Some(json!("https://other.example.org"))),
        ("sub", Some(json!("ada"))),
        ("sid", Some(json!(null))),
        ("gen", Some(json!(-1))),
        ("gen", Some(json!(0.5))),
        ("exp", Some(json!("4102444800"))),
        ("exp", Some(json!(-1))),
        ("exp", Some(json!(1e300))),
    ];
    let missing = ["iss", "sub", "sid", "gen", "iat", "exp"].map(|name| (name, None));
    for (field, value) in wrong.into_iter().chain(missing) {
        let claims = with(&fixture.refresh_claims, field, value);
        fixture
            .refresh_is_refused(&fixture.forge.refresh(&fixture.refresh_header, &claims), &claims.to_string())
            .await;
    }
    fixture.nothing_has_happened().await;
}

#[tokio::test]
async fn a_token_whose_time_is_over_is_told_so_however_long_ago() {
    let fixture = Fixture::set_up().await;
    let now = fixture.app.now().as_seconds();
    for exp in [now, now - 1, 1, 0] {
        let claims = with(&fixture.claims, "exp", Some(json!(exp)));
        let token = fixture.forge.access(&fixture.header, &claims);
        fixture.app.get("/api/auth/verify").bearer(&token).await.problem(ErrorCode::TokenExpired);
        let claims = with(&fixture.refresh_claims, "exp", Some(json!(exp)));
        let token = fixture.forge.refresh(&fixture.refresh_header, &claims);
        let refused = fixture.ada.refresh_with(&token).await.problem(ErrorCode::SessionEnded);
        assert_eq!(refused.end_reason, Some(EndReason::Expired));
    }
    fixture.nothing_has_happened().await;
}

#[tokio::test]
async fn a_well_signed_refresh_token_for_what_does_not_exist_is_of_no_use() {
    let fixture = Fixture::set_up().await;
    let bob = fixture.app.signed_up("bob").await;
    let before = fixture.app.everything().await;
    let never = json!("01999999-9999-7999-8999-999999999999");
    for (field, value) in [("sid", never.clone()), ("sub", never), ("sub", bob.claims()["sub"].clone())] {
        let claims = with(&fixture.refresh_claims, field, Some(value));
        let token = fixture.forge.refresh(&fixture.refresh_header, &claims);
        fixture.ada.refresh_with(&token).await.problem(ErrorCode::SessionEnded);
    }
    assert_eq!(fixture.app.everything().await, before);
    fixture.ada.refresh().await.ok();
    bob.refresh().await.ok();
}

#[tokio::test]
async fn a_token_whose_header_is_not_ours_is_refused() {
    let fixture = Fixture::set_up().await;
    for (field, value) in [
        ("kid", None),
        ("kid", Some(json!("another"))),
        ("kid", Some(json!("../../dev/null"))),
        ("crit", Some(json!(["exp"]))),
        ("crit", Some(json!(["b64"]))),
        ("alg", None),
    ] {
        let header = with(&fixture.header, field, value);
        fixture.access_is_refused(&fixture.forge.access(&header, &fixture.claims), &header.to_string()).await;
    }
    let critical = with(&fixture.refresh_header, "crit", Some(json!(["exp"])));
    fixture.refresh_is_refused(&fixture.forge.refresh(&critical, &fixture.refresh_claims), "critical").await;
    fixture.nothing_has_happened().await;
}

/// RFC 9068 §4 permits both spellings of the type.
#[tokio::test]
async fn the_long_form_of_the_type_is_taken() {
    let fixture = Fixture::set_up().await;
    let header = with(&fixture.header, "typ", Some(json!("application/at+jwt")));
    let token = fixture.forge.access(&header, &fixture.claims);
    fixture.app.get("/api/auth/verify").bearer(&token).await.ok();
}

#[tokio::test]
async fn what_is_no_token_at_all_is_refused() {
    let fixture = Fixture::set_up().await;
    let (access, refresh) = (fixture.ada.access_token(), fixture.ada.refresh_token());
    let list = in_base64url("[]");
    for rubbish in [
        "rubbish",
        "a.b.c",
        "...",
        "..",
        "a.b.c.d",
        &"x".repeat(16_000),
        &format!("{access}.{access}"),
        &format!("{list}.{list}.{list}"),
        &format!("{access}="),
        &access[..access.len() - 1],
        &access[..access.len() / 2],
        &access[..access.find('.').unwrap()],
        &access.replace('.', " "),
    ] {
        let shown: String = rubbish.chars().take(40).collect();
        fixture.access_is_refused(rubbish, &shown).await;
        fixture.refresh_is_refused(rubbish, &shown).await;
    }
    for cut in [&refresh[..refresh.len() - 1], &refresh[1..], &refresh[..refresh.rfind('.').unwrap() + 1]] {
        fixture.refresh_is_refused(cut, cut).await;
    }
    fixture.nothing_has_happened().await;
}

#[tokio::test]
async fn how_a_token_is_sent_matters() {
    let fixture = Fixture::set_up().await;
    let (app, token) = (&fixture.app, fixture.ada.access_token());
    let sent = |value: Vec<u8>| app.get("/api/auth/verify").header("authorization", value);
    for good in ["Bearer {}", "bearer {}", "BEARER {}", "Bearer  {} "] {
        sent(good.replace("{}", &token).into()).await.ok();
    }
    for missing in ["", "Bearer", "Bearer ", "Basic YWRhOnB3", "Basic {}", "{}", "Token {}", "Bearer{}"] {
        sent(missing.replace("{}", &token).into()).await.problem(ErrorCode::TokenMissing);
    }
    for foreign in ["Bearer 토큰", "Bearer {}é", "Bearer 🦊"] {
        sent(foreign.replace("{}", &token).into()).await.problem(ErrorCode::TokenInvalid);
    }
    let twice = sent(format!("Bearer {token}").into()).bearer(&token);
    twice.await.problem(ErrorCode::TokenInvalid);
    let in_query = app.get(&format!("/api/auth/verify?access_token={token}"));
    in_query.await.problem(ErrorCode::TokenMissing);
    let in_cookie = app.get("/api/auth/verify").cookie(&token);
    in_cookie.await.problem(ErrorCode::TokenMissing);
    fixture.nothing_has_happened().await;
}

#[tokio::test]
async fn every_call_that_needs_a_token_refuses_one_that_is_missing_expired_or_of_an_ended_session() {
    let app = TestApp::spawn().await;
    let (ada, ended) = (app.signed_up("ada").await, app.signed_up("bob").await);
    ended.log_out().await.no_content();
    let before = app.everything().await;
    let calls = protected_calls();
    // The check for proxies counts six times: it accepts any method.
    assert_eq!(calls.len(), 14);
    for (method, path) in &calls {
        app.call(method, path).await.problem(ErrorCode::TokenMissing);
        app.call(method, path).bearer(&ada.refresh_token()).await.problem(ErrorCode::TokenInvalid);
        let refused = ended.call(method, path).await.problem(ErrorCode::SessionEnded);
        assert_eq!(refused.end_reason, Some(EndReason::SignedOut), "{method} {path}");
    }
    app.clock.advance(10 * MINUTE);
    for (method, path) in &calls {
        ada.call(method, path).await.problem(ErrorCode::TokenExpired);
    }
    assert_eq!(app.everything().await, before);
}

/// Returns the requests that require nothing but an access token, as the description lists them.
fn protected_calls() -> Vec<(String, String)> {
    let description = serde_json::to_value(latchkey::server::description()).unwrap();
    let mut calls = Vec::new();
    for (path, methods) in description["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            if operation["security"] == json!([{"access_token": []}]) {
                calls.push((
                    method.to_uppercase(),
                    path.replace("{id}", "01999999-9999-7999-8999-999999999999"),
                ));
            }
        }
    }
    calls
}
