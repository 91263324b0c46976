//! Posing as somebody else: planted sessions, addresses that look alike, and text that tries to be more than text.

use crate::support::*;

#[tokio::test]
async fn a_session_that_was_planted_before_the_sign_in_is_not_signed_in_by_it() {
    let app = TestApp::spawn().await;
    let mallory = app.signed_up("mallory").await;
    let planted = mallory.refresh_token();
    app.signed_up("ada").await;
    let body = json!({"email": "ada@example.org", "password": PASSWORD});
    let answer = app.post("/api/auth/login", &body).cookie(&planted).bearer(&mallory.access_token()).await;
    answer.ok();
    let ada = Person::holding(&app, "ada", PASSWORD, &answer);
    assert_ne!(ada.session_id(), mallory.session_id());
    mallory.refresh().await.ok();
    assert_eq!(mallory.me().await["email"], "mallory@example.org");
    let again = ada.elsewhere().await;
    assert_ne!(again.session_id(), ada.session_id(), "each sign-in is a session of its own");
}

#[tokio::test]
async fn an_address_that_only_looks_like_another_opens_only_its_own_account() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    // Cyrillic and Greek letters, a dotless and a long s, marks that cannot be seen.
    for email in [
        "\u{430}da@example.org",
        "ad\u{3b1}@example.org",
        "ada@ex\u{430}mple.org",
        "ada\u{200b}@example.org",
        "a\u{301}da@example.org",
        "ad\u{ad}a@example.org",
    ] {
        let body = json!({"email": email, "password": "another long enough phrase", "display_name": "Ada"});
        let answer = app.post("/api/auth/signup", &body).await;
        match answer.status {
            201 => assert_ne!(answer.json()["account"]["id"], ada.me().await["id"], "{email:?}"),
            _ => assert!(matches!(answer.status, 409 | 422), "{email:?}: {answer}"),
        }
        assert_ne!(app.log_in(email, PASSWORD).await.status, 200, "{email:?}");
        app.log_in(&ada.email, "another long enough phrase").await.problem(ErrorCode::CredentialsRejected);
        app.log_in(&ada.email, PASSWORD).await.ok();
    }
}

#[tokio::test]
async fn a_header_of_the_callers_is_never_taken_for_ours() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    let planted = "01999999-9999-7999-8999-999999999999";
    let answer = ada.call("GET", "/api/me").header("x-request-id", planted).await;
    assert_ne!(answer.header("x-request-id"), Some(planted));
    for name in ["x-original-url", "x-rewrite-url", "x-http-method-override", "x-forwarded-host", "forwarded"]
    {
        let answer = app.get("/api/health/live").header(name, "/api/me").await;
        assert_eq!(answer.ok(), json!({"status": "ok"}), "{name}");
    }
    app.get("/api/me").header("x-forwarded-user", "ada").await.problem(ErrorCode::TokenMissing);
}

#[tokio::test]
async fn what_a_client_calls_itself_stays_text() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    let hostile = b"<script>alert(1)</script>\t'; DROP TABLE sessions; -- \xff\xfe ${jndi:ldap://x} %n%s";
    let body = json!({"email": ada.email, "password": PASSWORD});
    let answer = app.post("/api/auth/login", &body).header("user-agent", hostile).await;
    answer.ok();
    let session = claims_of(&answer.access_token())["sid"].as_str().unwrap().to_owned();
    let listed = ada.listed(&session).await;
    let kept = listed["user_agent"].as_str().unwrap();
    assert!(kept.starts_with("<script>") && !kept.chars().any(char::is_control), "{kept:?}");
    let address = app.post("/api/auth/login", &body).header("x-forwarded-for", "1.2.3.4\t<b>").await;
    let session = claims_of(&address.access_token())["sid"].as_str().unwrap().to_owned();
    assert_eq!(ada.listed(&session).await["ip"], "127.0.0.1");
}
