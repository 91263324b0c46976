//! Impersonation: planted sessions, look-alike addresses, and text that tries to be interpreted as markup or code.

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

/// Result for an email address that could be mistaken for another one.
#[derive(Clone, Copy, PartialEq)]
enum Is {
    /// Another spelling of the same address.
    TheSame,
    /// A different address, however similar it looks.
    Another,
    /// Not a valid address.
    None,
}

#[tokio::test]
async fn an_address_that_only_looks_like_another_opens_only_its_own_account() {
    const OWN: &str = "another long enough phrase";
    let app = TestApp::with(&[("throttle.per_account", "1000"), ("throttle.per_network", "1000")]).await;
    let kris = app.signed_up("kris").await;
    let id = kris.me().await["id"].clone();
    for (email, is) in [
        // Cyrillic and Greek letters.
        ("kr\u{456}s@example.org", Is::Another),
        ("\u{43a}ris@example.org", Is::Another),
        ("kr\u{3b9}s@example.org", Is::Another),
        ("kris@ex\u{430}mple.org", Is::Another),
        // A dotless i, and a capital I with a dot, which keeps its dot in lower case.
        ("kr\u{131}s@example.org", Is::Another),
        ("kr\u{130}s@example.org", Is::Another),
        // An accent, as part of the letter and as a combining mark.
        ("kr\u{ed}s@example.org", Is::Another),
        ("kris\u{301}@example.org", Is::Another),
        // A long s, the kelvin sign, full-width letters, capitals.
        ("kri\u{17f}@example.org", Is::TheSame),
        ("\u{212a}ris@example.org", Is::TheSame),
        ("\u{ff4b}\u{ff52}\u{ff49}\u{ff53}@example.org", Is::TheSame),
        ("KRIS@EXAMPLE.ORG", Is::TheSame),
        // Invisible characters.
        ("kri\u{200b}s@example.org", Is::None),
        ("kri\u{ad}s@example.org", Is::None),
        ("kri\u{34f}s@example.org", Is::None),
        ("kris@example\u{200b}.org", Is::None),
        ("k\u{0}ris@example.org", Is::None),
    ] {
        let body = json!({"email": email, "password": OWN, "display_name": "Kris"});
        let signed_up = app.post("/api/auth/signup", &body).await;
        let with_her_password = app.log_in(email, PASSWORD).await;
        match is {
            Is::TheSame => {
                signed_up.problem(ErrorCode::EmailTaken);
                assert_eq!(with_her_password.ok()["account"]["id"], id, "{email:?}");
            }
            Is::Another => {
                assert_ne!(signed_up.created()["account"]["id"], id, "{email:?}");
                with_her_password.problem(ErrorCode::CredentialsRejected);
                assert_ne!(app.log_in(email, OWN).await.ok()["account"]["id"], id, "{email:?}");
            }
            Is::None => {
                signed_up.problem(ErrorCode::ValidationFailed);
                // Signing in accepts addresses that signing up refuses now, because they may be older. Characters that
                // UTS 46 removes from a domain lead to the same account or to none.
                if with_her_password.status == 200 {
                    assert_eq!(with_her_password.ok()["account"]["id"], id, "{email:?}");
                } else {
                    assert!([401, 422].contains(&with_her_password.status), "{email:?}: {with_her_password}");
                }
            }
        }
        app.log_in(&kris.email, OWN).await.problem(ErrorCode::CredentialsRejected);
        assert_eq!(app.log_in(&kris.email, PASSWORD).await.ok()["account"]["id"], id);
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
