//! `POST /api/auth/logout`

use crate::support::*;

#[tokio::test]
async fn signing_out_ends_the_session_at_once_and_clears_the_cookie() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    let elsewhere = ada.elsewhere().await;
    ada.verify().await.ok();
    let answer = ada.log_out().await;
    answer.no_content();
    let cookie = answer.set_cookie().unwrap();
    assert_eq!((cookie.name.as_str(), cookie.value.as_str()), ("latchkey_refresh", ""));
    assert_eq!(cookie.attributes, ["HttpOnly", "Max-Age=0", "Path=/api/auth", "SameSite=Strict"]);
    ada.is_signed_out(EndReason::SignedOut).await;
    assert_eq!(elsewhere.listed(&ada.session_id()).await["end_reason"], "signed_out");
    elsewhere.verify().await.ok();
}

#[tokio::test]
async fn an_access_token_alone_signs_out_too() {
    let ada = TestApp::spawn().await.signed_up("ada").await;
    let answer = ada.call("POST", "/api/auth/logout").json(&json!({})).await;
    answer.no_content();
    assert_eq!(answer.set_cookie().unwrap().value, "");
    ada.is_signed_out(EndReason::SignedOut).await;
}

#[tokio::test]
async fn a_refresh_token_in_the_body_signs_out_too_and_no_cookie_is_touched() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await.elsewhere_with(json!({"token_delivery": "body"})).await;
    let answer = app.post("/api/auth/logout", &json!({"refresh_token": ada.refresh_token()})).await;
    answer.no_content();
    assert_eq!(answer.set_cookie(), None);
    ada.is_signed_out(EndReason::SignedOut).await;
}

#[tokio::test]
async fn an_older_refresh_token_of_the_session_signs_out_as_well() {
    let ada = TestApp::spawn().await.signed_up("ada").await;
    let old = ada.refresh_token();
    ada.refresh().await.ok();
    ada.refresh().await.ok();
    ada.app.post("/api/auth/logout", &json!({})).cookie(&old).await.no_content();
    ada.is_signed_out(EndReason::SignedOut).await;
}

#[tokio::test]
async fn with_nothing_left_to_end_it_is_done_all_the_same() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    ada.log_out().await.no_content();
    ada.log_out().await.no_content();
    let bare = app.post("/api/auth/logout", &json!({})).await;
    bare.no_content();
    assert_eq!(bare.set_cookie().unwrap().value, "");
    app.call("POST", "/api/auth/logout").await.no_content();
    app.post("/api/auth/logout", &json!({})).cookie("rubbish").await.no_content();
    app.post("/api/auth/logout", &json!({})).bearer("rubbish").await.no_content();
    app.post("/api/auth/logout", &json!({"refresh_token": "rubbish"})).await.no_content();
    assert_eq!(ada.elsewhere().await.listed(&ada.session_id()).await["end_reason"], "signed_out");
}

#[tokio::test]
async fn a_session_whose_access_token_has_expired_can_still_be_signed_out() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    app.clock.advance(HOUR);
    ada.log_out().await.no_content();
    assert_eq!(ada.refresh().await.problem(ErrorCode::SessionEnded).end_reason, Some(EndReason::SignedOut));
}
