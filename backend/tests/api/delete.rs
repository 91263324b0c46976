//! `DELETE /api/me`

use crate::support::*;

#[tokio::test]
async fn a_deleted_account_is_gone_with_all_that_was_its_own() {
    let app = TestApp::spawn().await;
    let (ada, bob) = (app.signed_up("ada").await, app.signed_up("bob").await);
    let phone = ada.elsewhere().await;
    for person in [&ada, &phone] {
        person.verify().await.ok();
    }
    ada.delete_account(PASSWORD).await.no_content();
    ada.is_signed_out(EndReason::AccountDeleted).await;
    phone.is_signed_out(EndReason::AccountDeleted).await;
    for path in ["/api/me", "/api/me/export", "/api/me/sessions"] {
        let refused = phone.get(path).await.problem(ErrorCode::SessionEnded);
        assert_eq!(refused.end_reason, Some(EndReason::AccountDeleted));
    }
    app.log_in("ada@example.org", PASSWORD).await.problem(ErrorCode::CredentialsRejected);
    let left = app.everything().await;
    assert_eq!(left.len(), 3, "one account, its password and one session: {left:?}");
    assert!(left[0].starts_with("bob@example.org|"));
    bob.refresh().await.ok();
    bob.verify().await.ok();
}

#[tokio::test]
async fn its_address_can_be_used_again_and_finds_nothing_of_the_past() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    ada.delete_account(PASSWORD).await.no_content();
    let second = app.signed_up("ada").await;
    assert_ne!(second.claims()["sub"], ada.claims()["sub"]);
    assert_eq!(second.sessions().await.len(), 1);
    ada.is_signed_out(EndReason::AccountDeleted).await;
}

#[tokio::test]
async fn without_the_right_password_nothing_is_deleted() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    let before = app.everything().await;
    ada.delete_account("not the password at all").await.problem(ErrorCode::CredentialsRejected);
    ada.delete_account("").await.refuses("password", FieldErrorCode::Required);
    ada.delete("/api/me").await.refuses("password", FieldErrorCode::Required);
    assert_eq!(app.everything().await, before);
    ada.verify().await.ok();
    ada.refresh().await.ok();
}
