//! `POST /api/me/password`

use crate::support::*;
use latchkey::self_service::{PasswordReset, SelfServiceError};
use latchkey_shared::{EmailAddress, Password, Secret};

const NEW: &str = "an entirely different phrase";

#[tokio::test]
async fn a_new_password_takes_the_place_of_the_old_one() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    app.clock.advance(MINUTE);
    ada.change_password(PASSWORD, NEW).await.ok();
    app.log_in(&ada.email, PASSWORD).await.problem(ErrorCode::CredentialsRejected);
    app.log_in(&ada.email, NEW).await.ok();
    assert_eq!(instant(&ada.export().await["password"]["changed_at"]), app.now());
}

#[tokio::test]
async fn every_other_session_ends_at_once_and_this_one_goes_on() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    let (phone, laptop, bob) = (ada.elsewhere().await, ada.elsewhere().await, app.signed_up("bob").await);
    for person in [&ada, &phone, &laptop, &bob] {
        person.verify().await.ok();
    }
    ada.store_tokens(&ada.change_password(PASSWORD, NEW).await);
    phone.is_signed_out(EndReason::PasswordChanged).await;
    laptop.is_signed_out(EndReason::PasswordChanged).await;
    for person in [&ada, &bob] {
        person.verify().await.ok();
        person.refresh().await.ok();
    }
    for session in ada.sessions().await {
        let reason = (session["current"] == false).then_some(json!("password_changed"));
        assert_eq!(session.get("end_reason"), reason.as_ref());
    }
}

#[tokio::test]
async fn with_the_wrong_current_password_nothing_changes() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    let phone = ada.elsewhere().await;
    let before = app.everything().await;
    ada.change_password("not the password at all", NEW).await.problem(ErrorCode::CredentialsRejected);
    assert_eq!(app.everything().await, before);
    phone.verify().await.ok();
    ada.verify().await.ok();
}

#[tokio::test]
async fn a_weak_new_password_is_refused_with_the_reason_and_nothing_changes() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada.lovelace").await;
    let phone = ada.elsewhere().await;
    let before = app.everything().await;
    for (password, code) in [
        ("", FieldErrorCode::Required),
        ("k3#9qLm", FieldErrorCode::TooShort),
        ("password1", FieldErrorCode::PasswordCommon),
        ("lovelace1", FieldErrorCode::PasswordPersonal),
        ("zzzzzzzzzzz", FieldErrorCode::PasswordPattern),
    ] {
        ada.change_password(PASSWORD, password).await.refuses("new_password", code);
    }
    let long = "x".repeat(129);
    ada.change_password(PASSWORD, &long).await.refuses("new_password", FieldErrorCode::TooLong);
    ada.change_password("", NEW).await.refuses("current_password", FieldErrorCode::Required);
    assert_eq!(app.everything().await, before);
    phone.verify().await.ok();
}

#[tokio::test]
async fn a_change_that_finds_no_hashing_thread_is_told_to_come_back() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    let busy = app.beside(&[("passwords.max_wait", "1ns")]).await;
    let before = app.everything().await;
    ada.at(&busy).change_password(PASSWORD, NEW).await.problem(ErrorCode::Overloaded);
    ada.at(&busy).delete_account(PASSWORD).await.problem(ErrorCode::Overloaded);
    assert_eq!(app.everything().await, before);
}

#[tokio::test]
async fn the_session_goes_on_with_tokens_of_a_new_generation() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    ada.refresh().await.ok();
    let before = ada.verify().await.ok();
    app.clock.advance(MINUTE);
    let answer = ada.change_password(PASSWORD, NEW).await;
    let signed_in = answer.ok();
    assert_signed_in(&signed_in);
    assert_eq!(signed_in.get("refresh_token"), None);
    assert_eq!(instant(&signed_in["session_expires_at"]), app.now() + 14 * DAY);
    let cookie = answer.set_cookie().unwrap();
    assert!(cookie.attributes.contains(&"HttpOnly".to_owned()), "{cookie:?}");
    ada.store_tokens(&answer);
    let after = ada.verify().await.ok();
    for same in ["sub", "sid", "roles"] {
        assert_eq!(after[same], before[same], "{same}");
    }
    assert_eq!(after["auth_time"], app.now().as_seconds(), "the password was presented just now");
    assert!(after["gen"].as_u64() > before["gen"].as_u64(), "{after}");
    ada.refresh().await.ok();
    ada.verify().await.ok();
}

/// Covers copies of the current and of an older token, before and after the new ones are used.
#[tokio::test]
async fn no_refresh_token_from_before_buys_anything_and_the_session_goes_on_without_alarm() {
    let app = TestApp::with(&[("tokens.refresh_grace", "1h")]).await;
    let ada = app.signed_up("ada").await;
    let first = ada.refresh_token();
    ada.refresh().await.ok();
    ada.verify().await.ok();
    let current = ada.refresh_token();
    ada.store_tokens(&ada.change_password(PASSWORD, NEW).await);
    let other = app.beside(&[]).await;
    for used in [false, true] {
        for copy in [&first, &current] {
            for server in [&app, &other] {
                let refused = ada.at(server).refresh_with(copy).await;
                let problem = refused.problem(ErrorCode::TokenInvalid);
                assert_eq!(problem.end_reason, Some(EndReason::PasswordChanged), "used: {used}");
                assert_eq!(refused.set_cookie(), None);
            }
        }
        ada.verify().await.ok();
        ada.refresh().await.ok();
        ada.verify().await.ok();
    }
    assert_eq!(ada.listed(&ada.session_id()).await.get("ended_at"), None);
    // A token that was issued since and is used twice still counts as stolen.
    let stolen = ada.refresh_token();
    ada.refresh().await.ok();
    ada.refresh().await.ok();
    ada.refresh_with(&stolen).await.problem(ErrorCode::ReplayDetected);
}

#[tokio::test]
async fn the_next_refresh_token_travels_as_at_the_sign_in_or_as_the_call_says() {
    let app = TestApp::spawn().await;
    let browser = app.signed_up("ada").await;
    for (at_sign_in, asked, in_body) in [
        ("cookie", None, false),
        ("body", None, true),
        ("cookie", Some("body"), true),
        ("body", Some("cookie"), false),
        ("body", Some("body"), true),
    ] {
        let client = browser.elsewhere_with(json!({"token_delivery": at_sign_in})).await;
        let mut body = json!({"current_password": PASSWORD, "new_password": PASSWORD});
        if let Some(asked) = asked {
            body["token_delivery"] = json!(asked);
        }
        let answer = client.call("POST", "/api/me/password").json(&body).await;
        assert_signed_in(&answer.ok());
        assert_eq!(answer.json()["refresh_token"].is_string(), in_body, "{at_sign_in} {asked:?}");
        assert_eq!(answer.set_cookie().is_some(), !in_body, "{at_sign_in} {asked:?}");
        app.post("/api/auth/refresh", &json!({"refresh_token": answer.refresh_token()})).await.ok();
    }
    let odd = json!({"current_password": PASSWORD, "new_password": NEW, "token_delivery": "pigeon"});
    let ada = app.log_in(&browser.email, PASSWORD).await;
    let refused = app.post("/api/me/password", &odd).bearer(&ada.access_token()).await;
    refused.refuses("token_delivery", FieldErrorCode::WrongType);
}

#[tokio::test]
async fn the_next_refresh_token_travels_as_at_the_sign_up_and_as_at_the_last_refresh() {
    let app = TestApp::spawn().await;
    let change = json!({"current_password": PASSWORD, "new_password": PASSWORD});
    let changed =
        async |token: &Value| app.post("/api/me/password", &change).bearer(token.as_str().unwrap()).await;
    let sign_up = json!({"email": "ada@example.org", "password": PASSWORD, "display_name": "Ada", "token_delivery": "body"});
    let began = app.post("/api/auth/signup", &sign_up).await.created();
    let answer = changed(&began["access_token"]).await;
    assert!(answer.ok()["refresh_token"].is_string());
    assert_eq!(answer.set_cookie(), None);
    // Sessions from before this was stored count as a browser's, until a refresh shows otherwise.
    app.run_sql("UPDATE sessions SET token_in_body = FALSE").await;
    let token = json!({"refresh_token": answer.refresh_token()});
    let refreshed = app.post("/api/auth/refresh", &token).await.ok();
    assert!(changed(&refreshed["access_token"]).await.ok()["refresh_token"].is_string());
}

#[tokio::test]
async fn an_access_token_from_before_lasts_its_minutes_as_after_a_refresh() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    ada.change_password(PASSWORD, NEW).await.ok();
    ada.verify().await.ok();
    app.clock.advance(10 * MINUTE);
    ada.verify().await.problem(ErrorCode::TokenExpired);
}

/// `latchkey account set-password`, without the terminal.
async fn set_password(app: &TestApp, email: &str, password: &str) -> Result<usize, SelfServiceError> {
    let latchkey::app::AppParts { db, clock, random, authentication, .. } = &*app.state;
    let passwords = &authentication.passwords;
    let reset = PasswordReset { db, passwords, clock: &**clock, random: &**random };
    let email = EmailAddress::parse_existing(email).unwrap();
    reset.run(&email, Password::try_from(Secret::from(password)).unwrap()).await
}

#[tokio::test]
async fn a_password_that_the_operator_sets_ends_every_session_on_every_server() {
    let app = TestApp::spawn().await;
    let (ada, bob) = (app.signed_up("ada").await, app.signed_up("bob").await);
    let elsewhere = ada.elsewhere().await;
    let set = async |email: &str, password: &str| set_password(&app, email, password).await;
    for weak in ["password1", "ada@example.org", "aaaaaaaaaaaa"] {
        assert!(
            matches!(set("ada@example.org", weak).await, Err(SelfServiceError::WeakPassword(_))),
            "{weak}"
        );
    }
    assert!(matches!(set("eve@example.org", NEW).await, Err(SelfServiceError::Ended(_))));
    ada.verify().await.ok();
    // Another spelling is the same address.
    assert_eq!(set("Ada@EXAMPLE.org", NEW).await.unwrap(), 2);
    until("the end is known", async || ada.verify().await.status == 401).await;
    until("the end is known", async || elsewhere.verify().await.status == 401).await;
    ada.is_signed_out(EndReason::PasswordReset).await;
    elsewhere.is_signed_out(EndReason::PasswordReset).await;
    app.log_in("ada@example.org", PASSWORD).await.problem(ErrorCode::CredentialsRejected);
    app.log_in("ada@example.org", NEW).await.ok();
    bob.verify().await.ok();
    bob.refresh().await.ok();
}

#[tokio::test]
async fn the_operator_sets_the_password_of_whatever_address_signs_in() {
    let app = TestApp::spawn().await;
    for (number, (typed, key)) in [
        // The key that a final sigma had in earlier versions, and an address that is refused today.
        ("νίκος@example.org", "νίκος@example.org"),
        ("ada@100%.example.org", "ada@100%.example.org"),
        ("ren\u{e9}@example.org", "ren\u{e9}@example.org"),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("ada{number}");
        app.signed_up(&name).await;
        let found = format!("WHERE email_key = '{name}@example.org'");
        app.run_sql(&format!("UPDATE accounts SET email_key = '{key}', email = '{typed}' {found}")).await;
        app.log_in(typed, PASSWORD).await.ok();
        set_password(&app, typed, NEW).await.unwrap();
        app.log_in(typed, PASSWORD).await.problem(ErrorCode::CredentialsRejected);
        app.log_in(typed, NEW).await.ok();
    }
}
