//! `POST /api/me/password`

use crate::support::*;

const NEW: &str = "an entirely different phrase";

#[tokio::test]
async fn a_new_password_takes_the_place_of_the_old_one() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    app.clock.advance(MINUTE);
    ada.change_password(PASSWORD, NEW).await.no_content();
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
    ada.change_password(PASSWORD, NEW).await.no_content();
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
