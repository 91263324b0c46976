//! Proofs of a client's key (RFC 9449): accepted and refused ones, for every request that can carry one.

use crate::support::*;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

const SIGN_UP: &str = "/api/auth/signup";
const LOG_IN: &str = "/api/auth/login";
const REFRESH: &str = "/api/auth/refresh";

/// A session that is bound to a key, and each request that can carry a proof, ready to be sent.
struct Fixture {
    app: TestApp,
    ada: Person,
}

impl Fixture {
    async fn set_up() -> Self {
        let app = TestApp::spawn().await;
        let ada = app.signed_up("ada").await.elsewhere_bound_to(Key::of(1)).await;
        Self { app, ada }
    }

    fn key(&self) -> &Key {
        self.ada.key.as_ref().unwrap()
    }

    fn call(&self, path: &str) -> Call {
        let body = match path {
            SIGN_UP => json!({"email": "bob@example.org", "password": PASSWORD, "display_name": "Bob"}),
            LOG_IN => json!({"email": self.ada.email, "password": PASSWORD}),
            _ => json!({"refresh_token": self.ada.refresh_token()}),
        };
        self.app.post(path, &body)
    }

    /// Asserts that every request refuses the proof made for it, and that nothing was changed.
    async fn refused(&self, make: impl Fn(&str) -> String, what: &str) {
        let before = self.app.everything().await;
        for path in [SIGN_UP, LOG_IN, REFRESH] {
            let answer = self.call(path).proof(&make(path)).await;
            answer.asks_for_the_right_proof();
        }
        assert_eq!(self.app.everything().await, before, "{what}");
    }

    /// Asserts that every request accepts the proof made for it. A sign-up is possible once.
    async fn taken(&self, paths: &[&str], make: impl Fn(&str) -> String) {
        for path in paths {
            let answer = self.call(path).proof(&make(path)).await;
            assert!(matches!(answer.status, 200 | 201), "{answer}");
            if *path == REFRESH {
                self.ada.store_tokens(&answer);
            }
        }
    }

    /// Returns the header and the claims of a valid proof.
    fn good(&self, path: &str) -> (Value, Value) {
        (self.key().header(), Key::claims(&self.app, path))
    }
}

#[tokio::test]
async fn a_proof_that_is_made_as_the_standard_says_is_taken_by_every_call() {
    let fixture = Fixture::set_up().await;
    fixture.taken(&[SIGN_UP, LOG_IN, REFRESH], |path| fixture.key().proof(&fixture.app, path)).await;
}

#[tokio::test]
async fn a_proof_may_name_the_page_or_the_server_itself_and_spell_the_address_as_any_url_may() {
    let fixture = Fixture::set_up().await;
    for origin in
        ["http://localhost:8080", "http://127.0.0.1:8080", "HTTP://LocalHost:8080", &fixture.app.base]
    {
        fixture
            .taken(&[LOG_IN, REFRESH], |path| {
                let (header, mut claims) = fixture.good(path);
                claims["htu"] = json!(format!("{origin}{path}"));
                fixture.key().sign(&header, &claims)
            })
            .await;
    }
    // RFC 9449 §4.3: the query of the request is ignored.
    let call = fixture
        .app
        .post("/api/auth/login?next=/account", &json!({"email": fixture.ada.email, "password": PASSWORD}));
    call.proof(&fixture.key().proof(&fixture.app, LOG_IN)).await.ok();
}

#[tokio::test]
async fn members_that_nobody_asked_for_do_not_matter() {
    let fixture = Fixture::set_up().await;
    fixture
        .taken(&[LOG_IN, REFRESH], |path| {
            let (mut header, mut claims) = fixture.good(path);
            header["kid"] = json!("mine");
            for (name, value) in [("use", json!("sig")), ("key_ops", json!(["verify"])), ("ext", json!(true))]
            {
                header["jwk"][name] = value;
            }
            claims["ath"] = json!("fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo");
            claims["iat"] = json!(fixture.app.now().as_seconds() as f64 + 0.75);
            fixture.key().sign(&header, &claims)
        })
        .await;
}

#[tokio::test]
async fn a_header_that_is_not_a_proofs_is_refused() {
    let fixture = Fixture::set_up().await;
    for (name, value) in [
        ("typ", json!("JWT")),
        ("typ", json!("at+jwt")),
        ("typ", json!("application/dpop+jwt")),
        ("typ", json!("DPOP+JWT")),
        ("typ", json!(null)),
        ("alg", json!("none")),
        ("alg", json!("HS256")),
        ("alg", json!("ES384")),
        ("alg", json!("RS256")),
        ("alg", json!("EdDSA")),
        ("alg", json!("es256")),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("crit", json!(null)),
        ("jwk", json!(null)),
        ("jwk", json!("key")),
        ("jwk", json!([])),
        ("jwk", json!({})),
    ] {
        let make = |path: &str| {
            let (mut header, claims) = fixture.good(path);
            header[name] = value.clone();
            fixture.key().sign(&header, &claims)
        };
        fixture.refused(make, &format!("{name}: {value}")).await;
    }
    for name in ["typ", "alg", "jwk"] {
        let make = |path: &str| {
            let (mut header, claims) = fixture.good(path);
            header.as_object_mut().unwrap().remove(name);
            fixture.key().sign(&header, &claims)
        };
        fixture.refused(make, &format!("no {name}")).await;
    }
}

#[tokio::test]
async fn a_key_that_is_private_of_another_curve_or_off_the_curve_is_refused() {
    let fixture = Fixture::set_up().await;
    let zero = in_base64url([0; 32]);
    let (x, y) = (fixture.key().jwk()["x"].clone(), fixture.key().jwk()["y"].clone());
    let bytes = URL_SAFE_NO_PAD.decode(y.as_str().unwrap()).unwrap();
    let long = in_base64url([&[0], bytes.as_slice()].concat());
    let others = Key::of(2).jwk();
    for (name, value) in [
        ("kty", json!("RSA")),
        ("kty", json!("OKP")),
        ("kty", json!("oct")),
        ("kty", json!(null)),
        ("crv", json!("P-384")),
        ("crv", json!("P-521")),
        ("crv", json!("secp256k1")),
        ("crv", json!("Ed25519")),
        ("d", json!(in_base64url([1; 32]))),
        ("d", json!("")),
        ("d", json!(null)),
        ("k", json!("c2VjcmV0")),
        ("p", json!("AQ")),
        ("x", y.clone()),
        ("x", json!(zero)),
        ("y", x.clone()),
        ("y", json!(zero)),
        ("y", json!(in_base64url([255; 32]))),
        ("y", json!(in_base64url(&bytes[1..]))),
        ("y", json!(long)),
        ("y", json!(format!("{}=", y.as_str().unwrap()))),
        ("y", json!("")),
        ("y", json!(7)),
        // On the curve, but not the key that has signed.
        ("x", others["x"].clone()),
    ] {
        let make = |path: &str| {
            let (mut header, claims) = fixture.good(path);
            header["jwk"][name] = value.clone();
            fixture.key().sign(&header, &claims)
        };
        fixture.refused(make, &format!("{name}: {value}")).await;
    }
    let make = |path: &str| {
        let (mut header, claims) = fixture.good(path);
        header["jwk"] = others.clone();
        fixture.key().sign(&header, &claims)
    };
    fixture.refused(make, "another key's signature").await;
    let make = |path: &str| {
        let (mut header, claims) = fixture.good(path);
        (header["jwk"]["x"], header["jwk"]["y"]) = (json!(zero), json!(zero));
        fixture.key().sign(&header, &claims)
    };
    fixture.refused(make, "the point of zeros").await;
}

#[tokio::test]
async fn claims_that_are_missing_too_long_or_about_another_call_are_refused() {
    let fixture = Fixture::set_up().await;
    for name in ["jti", "htm", "htu", "iat"] {
        let make = |path: &str| {
            let (header, mut claims) = fixture.good(path);
            claims.as_object_mut().unwrap().remove(name);
            fixture.key().sign(&header, &claims)
        };
        fixture.refused(make, &format!("no {name}")).await;
    }
    for (name, value) in [
        ("jti", json!("")),
        ("jti", json!(7)),
        ("jti", json!("a".repeat(129))),
        ("jti", json!("\u{1F98A}".repeat(33))),
        ("htm", json!("GET")),
        ("htm", json!("post")),
        ("htm", json!("")),
        ("htu", json!("")),
        ("htu", json!("/api/auth/login")),
        ("htu", json!("http://localhost:8080/")),
        ("htu", json!("http://localhost:8080/api/auth/logout")),
        ("iat", json!("now")),
        ("iat", json!(null)),
        ("iat", json!(true)),
        ("nonce", json!(7)),
    ] {
        let make = |path: &str| {
            let (header, mut claims) = fixture.good(path);
            claims[name] = value.clone();
            fixture.key().sign(&header, &claims)
        };
        fixture.refused(make, &format!("{name}: {value}")).await;
    }
    for address in [
        "https://localhost:8080{}",
        "http://localhost{}",
        "http://localhost:8081{}",
        "http://localhost.evil.test:8080{}",
        "http://evil.test{}",
        "http://ada@localhost:8080{}",
        "http://localhost:8080@evil.test{}",
        "http://localhost:8080{}?x=1",
        "http://localhost:8080{}#x",
        "http://localhost:8080{}/",
        "http://localhost:8080/x{}",
        "//localhost:8080{}",
        "blob:http://localhost:8080{}",
        "data:{}",
    ] {
        let make = |path: &str| {
            let (header, mut claims) = fixture.good(path);
            claims["htu"] = json!(address.replace("{}", path));
            fixture.key().sign(&header, &claims)
        };
        fixture.refused(make, address).await;
    }
}

/// Function that makes what is sent instead of a proof for this path.
type Spoil<'a> = &'a dyn Fn(&str) -> String;

#[tokio::test]
async fn text_that_is_no_proof_is_refused() {
    let fixture = Fixture::set_up().await;
    let proof = |path: &str| fixture.key().proof(&fixture.app, path);
    let spoilt: [(&str, Spoil); 13] = [
        ("nothing", &|_| String::new()),
        ("dots", &|_| "..".to_owned()),
        ("a word", &|_| "proof".to_owned()),
        ("an access token", &|_| fixture.ada.access_token()),
        ("a refresh token", &|_| fixture.ada.refresh_token()),
        ("two parts", &|path| proof(path).rsplit_once('.').unwrap().0.to_owned()),
        ("no signature", &|path| format!("{}.", proof(path).rsplit_once('.').unwrap().0)),
        ("four parts", &|path| format!("{}.AA", proof(path))),
        ("two proofs", &|path| format!("{}, {}", proof(path), proof(path))),
        ("padding", &|path| format!("{}==", proof(path))),
        ("a letter less", &|path| proof(path).split_off(1)),
        ("a signature of zeros", &|path| {
            format!("{}.{}", proof(path).rsplit_once('.').unwrap().0, in_base64url([0; 64]))
        }),
        ("too long", &|path| {
            let (mut header, claims) = fixture.good(path);
            header["more"] = json!("a".repeat(4096));
            fixture.key().sign(&header, &claims)
        }),
    ];
    for (what, make) in spoilt {
        fixture.refused(make, what).await;
    }
    for text in ["[]", "null", "{}", "7", "\"\"", "{", "[\"dpop+jwt\",\"ES256\"]"] {
        fixture.refused(|path| fixture.key().sign(text, &fixture.good(path).1), text).await;
        fixture.refused(|path| fixture.key().sign(&fixture.good(path).0, text), text).await;
    }
    for path in [SIGN_UP, LOG_IN, REFRESH] {
        fixture.call(path).header("dpop", b"\xff\xfe").await.asks_for_the_right_proof();
        fixture.call(path).proof(&proof(path)).proof(&proof(path)).await.asks_for_the_right_proof();
        let same = proof(path);
        fixture.call(path).proof(&same).proof(&same).await.asks_for_the_right_proof();
    }
}

/// RFC 7515 §4 and RFC 7519 §4: two parsers could otherwise read two different proofs.
#[tokio::test]
async fn a_name_that_comes_twice_is_refused() {
    let fixture = Fixture::set_up().await;
    let first = |text: &Value, more: &str| text.to_string().replacen('{', &format!("{{{more},"), 1);
    for more in [r#""alg":"none""#, r#""typ":"dpop+jwt""#, r#""jwk":{}"#] {
        fixture
            .refused(
                |path| fixture.key().sign(&first(&fixture.good(path).0, more), &fixture.good(path).1),
                more,
            )
            .await;
    }
    for more in [r#""htu":"http://evil.test/""#, r#""iat":0"#, r#""jti":"a""#, r#""htm":"POST""#] {
        fixture
            .refused(
                |path| fixture.key().sign(&fixture.good(path).0, &first(&fixture.good(path).1, more)),
                more,
            )
            .await;
    }
}

#[tokio::test]
async fn a_clock_that_is_a_minute_off_needs_no_nonce() {
    let fixture = Fixture::set_up().await;
    for seconds in [-60, -59, 0, 59, 60] {
        fixture
            .taken(&[LOG_IN, REFRESH], |path| fixture.key().proof_ahead_by(&fixture.app, path, seconds, None))
            .await;
    }
}

#[tokio::test]
async fn a_clock_that_is_ten_minutes_or_ten_years_off_does_not_matter_once_the_server_has_told_a_nonce() {
    let fixture = Fixture::set_up().await;
    let off = [61, 600, 10 * 365 * 24 * 3600, 1_000_000_000_000];
    for seconds in off.into_iter().flat_map(|seconds| [-seconds, seconds]) {
        for path in [LOG_IN, REFRESH] {
            let refused = fixture
                .call(path)
                .proof(&fixture.key().proof_ahead_by(&fixture.app, path, seconds, None))
                .await;
            let nonce = refused.asked_nonce();
            fixture
                .taken(&[path], |path| {
                    fixture.key().proof_ahead_by(&fixture.app, path, seconds, Some(&nonce))
                })
                .await;
        }
    }
    let ahead = fixture.key().proof_ahead_by(&fixture.app, SIGN_UP, 600, None);
    let nonce = fixture.call(SIGN_UP).proof(&ahead).await.asked_nonce();
    fixture
        .taken(&[SIGN_UP], |path| fixture.key().proof_ahead_by(&fixture.app, path, 600, Some(&nonce)))
        .await;
}

#[tokio::test]
async fn a_nonce_is_good_for_five_minutes_and_for_every_server_with_the_same_secrets_also_after_a_restart() {
    let fixture = Fixture::set_up().await;
    let far = |app: &TestApp, nonce: Option<&str>| fixture.key().proof_ahead_by(app, LOG_IN, 3600, nonce);
    let nonce = fixture.call(LOG_IN).proof(&far(&fixture.app, None)).await.asked_nonce();
    let body = json!({"email": fixture.ada.email, "password": PASSWORD});
    let other = fixture.app.beside(&[]).await;
    other.post(LOG_IN, &body).proof(&far(&other, Some(&nonce))).await.ok();
    fixture.app.clock.advance(5 * MINUTE - Duration::from_millis(1));
    other.post(LOG_IN, &body).proof(&far(&other, Some(&nonce))).await.ok();
    fixture.app.clock.advance(Duration::from_millis(1));
    let next = other.post(LOG_IN, &body).proof(&far(&other, Some(&nonce))).await.asked_nonce();
    assert_ne!(next, nonce);
    other.stop().await;
    let app = fixture.app.restarted().await;
    app.post(LOG_IN, &body).proof(&far(&app, Some(&next))).await.ok();
    let stranger = TestApp::spawn().await;
    let bob = stranger.signed_up("bob").await;
    let body = json!({"email": bob.email, "password": PASSWORD});
    stranger.post(LOG_IN, &body).proof(&far(&stranger, Some(&next))).await.asked_nonce();
    for nonce in ["", ".", "0", "a nonce", &next[1..], &"a".repeat(2000)] {
        app.post(LOG_IN, &json!({"email": fixture.ada.email, "password": PASSWORD}))
            .proof(&far(&app, Some(nonce)))
            .await
            .asked_nonce();
    }
}

#[tokio::test]
async fn no_password_is_checked_or_counted_before_the_proof_is_dated_and_holds() {
    let app = TestApp::with(&[("throttle.per_account", "1")]).await;
    let ada = app.signed_up("ada").await;
    let key = Key::of(1);
    let wrong = json!({"email": ada.email, "password": "not the password"});
    for _ in 0..5 {
        app.post(LOG_IN, &wrong).proof(&key.proof_ahead_by(&app, LOG_IN, 600, None)).await.asked_nonce();
        app.post(LOG_IN, &wrong).proof("rubbish").await.asks_for_the_right_proof();
    }
    let right = json!({"email": ada.email, "password": PASSWORD});
    app.post(LOG_IN, &right).proof(&key.proof(&app, LOG_IN)).await.ok();
}

#[tokio::test]
async fn a_proof_is_taken_once() {
    let fixture = Fixture::set_up().await;
    for path in [SIGN_UP, LOG_IN, REFRESH] {
        let proof = fixture.key().proof(&fixture.app, path);
        fixture.taken(&[path], |_| proof.clone()).await;
        let before = fixture.app.everything().await;
        for pause in [0, 1, 30, 29] {
            fixture.app.clock.advance(pause * SECOND);
            let body = json!({"email": "eve@example.org", "password": PASSWORD, "display_name": "Eve"});
            let call = if path == SIGN_UP { fixture.app.post(SIGN_UP, &body) } else { fixture.call(path) };
            // Browsers repeat a request by themselves; with the nonce it is accepted, while a copy of the proof is
            // useless.
            call.proof(&proof).await.asked_nonce();
        }
        assert_eq!(fixture.app.everything().await, before, "{path}");
    }
}

#[tokio::test]
async fn a_proof_with_a_nonce_is_taken_once_also_when_its_clock_comes_right_in_the_end() {
    let fixture = Fixture::set_up().await;
    let ahead = |nonce: Option<&str>| fixture.key().proof_ahead_by(&fixture.app, REFRESH, 600, nonce);
    let nonce = fixture.call(REFRESH).proof(&ahead(None)).await.asked_nonce();
    let proof = ahead(Some(&nonce));
    fixture.taken(&[REFRESH], |_| proof.clone()).await;
    for _ in 0..24 {
        fixture.call(REFRESH).proof(&proof).await.asked_nonce();
        fixture.app.clock.advance(30 * SECOND);
    }
}

#[tokio::test]
async fn of_many_calls_with_one_proof_one_is_answered() {
    let fixture = Fixture::set_up().await;
    let proof = fixture.key().proof(&fixture.app, REFRESH);
    let calls = (0..8).map(|_| async { fixture.call(REFRESH).proof(&proof).await });
    let answers = futures::future::join_all(calls).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        answer.asked_nonce();
    }
}

/// Requests of strangers use no memory for used proofs: a proof is only recorded once the password or the token is
/// valid.
#[tokio::test]
async fn a_proof_that_came_with_a_wrong_password_or_a_forged_token_is_still_good() {
    let fixture = Fixture::set_up().await;
    let proof = fixture.key().proof(&fixture.app, LOG_IN);
    let wrong = json!({"email": fixture.ada.email, "password": "not the password"});
    fixture.app.post(LOG_IN, &wrong).proof(&proof).await.problem(ErrorCode::CredentialsRejected);
    fixture.taken(&[LOG_IN], |_| proof.clone()).await;
    let proof = fixture.key().proof(&fixture.app, REFRESH);
    let forged = json!({"refresh_token": format!("{}x", fixture.ada.refresh_token())});
    fixture.app.post(REFRESH, &forged).proof(&proof).await.problem(ErrorCode::TokenInvalid);
    fixture.taken(&[REFRESH], |_| proof.clone()).await;
}

#[tokio::test]
async fn where_proofs_are_off_none_is_looked_at() {
    let app = TestApp::with(&[("sessions.bind", "off")]).await;
    let ada = app.signed_up("ada").await;
    for proof in ["", "rubbish", &Key::of(1).proof_ahead_by(&app, LOG_IN, 600, None)] {
        let body = json!({"email": ada.email, "password": PASSWORD});
        app.post(LOG_IN, &body).proof(proof).await.ok();
        let answer = app.post(REFRESH, &json!({})).cookie(&ada.refresh_token()).proof(proof).await;
        answer.ok();
        ada.store_tokens(&answer);
    }
}
