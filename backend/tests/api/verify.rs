//! `GET /api/auth/verify`

use crate::support::*;

#[tokio::test]
async fn a_good_token_is_told_what_it_says() {
    let app = TestApp::with(&[("public_url", "https://id.example.org")]).await;
    let ada = app.signed_up("ada").await;
    let claims = ada.verify().await.ok();
    assert_eq!(keys(&claims), ["aud", "auth_time", "exp", "gen", "iat", "iss", "jti", "roles", "sid", "sub"]);
    assert_eq!(
        (&claims["iss"], &claims["aud"]),
        (&json!("https://id.example.org"), &json!("https://id.example.org"))
    );
    assert_eq!(claims["sub"], ada.me().await["id"]);
    assert_eq!(claims["sid"], ada.sessions().await[0]["id"]);
    assert_eq!((&claims["gen"], &claims["roles"]), (&json!(0), &json!(["user"])));
    let now = app.now().as_seconds();
    assert_eq!(
        (&claims["auth_time"], &claims["iat"], &claims["exp"]),
        (&json!(now), &json!(now), &json!(now + 600))
    );
    assert!(is_uuid_v7(claims["jti"].as_str().unwrap()));
    assert_eq!(claims, ada.claims());
}

#[tokio::test]
async fn the_tokens_are_of_the_kinds_that_their_headers_say() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    let keys_published = app.get("/.well-known/jwks.json").await.ok();
    let access = header_of(&ada.access_token());
    assert_eq!(access, json!({"typ": "at+jwt", "alg": "EdDSA", "kid": keys_published["keys"][0]["kid"]}));
    let refresh = header_of(&ada.refresh_token());
    assert_eq!((&refresh["typ"], &refresh["alg"]), (&json!("rt+jwt"), &json!("HS256")));
    let claims = claims_of(&ada.refresh_token());
    assert_eq!(keys(&claims), ["exp", "gen", "iat", "iss", "sid", "sub"]);
    assert_eq!(claims["exp"], (app.now() + 14 * DAY).as_seconds(), "as long as the session would last");
}

#[tokio::test]
async fn an_access_token_ends_when_it_says() {
    let app = TestApp::with(&[("tokens.access_lifetime", "4s")]).await;
    let ada = app.signed_up("ada").await;
    assert_eq!(ada.refresh().await.ok()["expires_in"], 4);
    // The clock is at a quarter past the second, and the token expires at a whole one.
    app.clock.advance(3 * SECOND + Duration::from_millis(749));
    ada.verify().await.ok();
    app.clock.advance(Duration::from_millis(1));
    ada.verify().await.problem(ErrorCode::TokenExpired);
    ada.verify().await.problem(ErrorCode::TokenExpired);
    ada.refresh().await.ok();
    ada.verify().await.ok();
}

#[tokio::test]
async fn an_expired_token_that_no_server_has_met_is_expired_too() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    app.clock.advance(10 * MINUTE);
    ada.verify().await.problem(ErrorCode::TokenExpired);
}

#[tokio::test]
async fn neither_a_warm_nor_a_cold_check_asks_the_database() {
    let app = TestApp::spawn().await;
    let (warm, cold) = (app.signed_up("ada").await, app.signed_up("bob").await);
    warm.verify().await.ok();
    app.state.db.close().await.unwrap();
    warm.verify().await.ok();
    cold.verify().await.ok();
    app.get("/api/health/live").await.ok();
    assert_eq!(app.get("/api/health/ready").await.status, 503);
    warm.get("/api/me").await.problem(ErrorCode::Internal);
    warm.refresh().await.problem(ErrorCode::Internal);
    app.log_in("ada@example.org", PASSWORD).await.problem(ErrorCode::Internal);
}

#[tokio::test]
async fn a_call_without_a_token_is_told_so() {
    let app = TestApp::spawn().await;
    let answer = app.get("/api/auth/verify").await;
    answer.problem(ErrorCode::TokenMissing);
    assert_eq!(answer.header("www-authenticate"), Some(r#"Bearer realm="latchkey""#));
}

/// Covers the challenge of RFC 6750 §3.1.
#[tokio::test]
async fn the_challenge_says_what_was_wrong_with_the_token() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    let challenge = async |description: &str| {
        let answer = ada.verify().await;
        let expected =
            format!(r#"Bearer realm="latchkey", error="invalid_token", error_description="{description}""#);
        assert_eq!(answer.header("www-authenticate"), Some(expected.as_str()));
    };
    let wrong = app.get("/api/auth/verify").bearer("rubbish").await;
    assert!(wrong.header("www-authenticate").unwrap().contains(r#"error_description="invalid""#));
    ada.log_out().await.no_content();
    challenge("session ended").await;
    app.clock.advance(HOUR);
    challenge("expired").await;
}

#[tokio::test]
async fn a_lifetime_that_was_lowered_holds_for_older_tokens_too() {
    let app = TestApp::with(&[("tokens.access_lifetime", "1h")]).await;
    let (ada, bob) = (app.signed_up("ada").await, app.signed_up("bob").await);
    ada.log_out().await.no_content();
    app.stop().await;
    let app = app.beside(&[("tokens.access_lifetime", "10m")]).await;
    let (ada, bob) = (ada.at(&app), bob.at(&app));
    ada.is_signed_out(EndReason::SignedOut).await;
    bob.verify().await.ok();
    // By then, a server that starts no longer learns that her session has ended.
    app.clock.advance(20 * MINUTE);
    let app = app.restarted().await;
    for person in [ada.at(&app), bob.at(&app)] {
        person.verify().await.problem(ErrorCode::TokenExpired);
    }
    bob.at(&app).refresh().await.ok();
}

/// Envoy and Traefik send the check with the method of the original request, and some proxies with its body.
#[tokio::test]
async fn a_proxy_may_ask_with_any_method_and_any_body() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    let claims = ada.verify().await.ok();
    let large = "x".repeat(300 * 1024);
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "REPORT", "BREW"]
    {
        for body in ["", "{}", "no JSON", large.as_str()] {
            let right = ada.call(method, "/api/auth/verify").header("content-type", "text/plain").body(body);
            assert_eq!(right.await.ok(), claims, "{method}");
            let nobody = app.call(method, "/api/auth/verify").header("content-type", "text/plain").body(body);
            nobody.await.problem(ErrorCode::TokenMissing);
        }
        let wrong = app.call(method, "/api/auth/verify").bearer("rubbish").await;
        wrong.problem(ErrorCode::TokenInvalid);
    }
    let head = ada.call("HEAD", "/api/auth/verify").await;
    assert_eq!((head.status, head.bytes.len()), (200, 0));
    let nobody = app.call("HEAD", "/api/auth/verify").await;
    assert_eq!((nobody.status, nobody.bytes.len()), (401, 0));
}
