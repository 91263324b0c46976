//! What outlives a server, and what several servers know of each other.

use crate::support::*;
use std::time::Instant;

#[tokio::test]
async fn sessions_tokens_and_keys_survive_a_restart() {
    let app = TestApp::spawn().await;
    let (ada, bob) = (app.signed_up("ada").await, app.signed_up("bob").await);
    let keys = app.get("/.well-known/jwks.json").await.ok();
    bob.log_out().await.no_content();
    let app = app.restarted().await;
    let (ada, bob) = (ada.at(&app), bob.at(&app));
    assert_eq!(app.get("/.well-known/jwks.json").await.ok(), keys);
    ada.verify().await.ok();
    ada.refresh().await.ok();
    ada.verify().await.ok();
    bob.is_signed_out(EndReason::SignedOut).await;
    app.log_in(&ada.email, PASSWORD).await.ok();
}

#[tokio::test]
async fn a_deleted_accounts_tokens_are_refused_after_a_restart_too() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    ada.delete_account(PASSWORD).await.no_content();
    let app = app.restarted().await;
    ada.at(&app).is_signed_out(EndReason::AccountDeleted).await;
}

#[tokio::test]
async fn a_session_that_ends_on_one_server_is_refused_by_the_other_within_a_second() {
    let app = TestApp::spawn().await;
    let other = app.beside(&[]).await;
    let ada = app.signed_up("ada").await;
    let there = ada.at(&other);
    there.verify().await.ok();
    ada.log_out().await.no_content();
    let start = Instant::now();
    while there.verify().await.status == 200 {
        assert!(start.elapsed() < 10 * SECOND, "the other server never learns of it");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(there.verify().await.problem(ErrorCode::SessionEnded).end_reason, Some(EndReason::SignedOut));
    there.is_signed_out(EndReason::SignedOut).await;
}

#[tokio::test]
async fn any_server_refreshes_what_another_has_issued() {
    let app = TestApp::spawn().await;
    let other = app.beside(&[]).await;
    let ada = app.signed_up("ada").await;
    ada.refresh().await.ok();
    let there = ada.at(&other);
    there.refresh().await.ok();
    assert_eq!(there.at(&app).verify().await.ok()["gen"], 2);
}

#[tokio::test]
async fn a_token_that_was_used_at_one_server_counts_as_used_at_the_other_once_it_is_written_down() {
    let app = TestApp::spawn().await;
    let other = app.beside(&[]).await;
    let ada = app.signed_up("ada").await;
    let stolen = ada.refresh_token();
    ada.refresh().await.ok();
    ada.verify().await.ok();
    app.state.seen.write_down(&app.state).await.unwrap();
    app.clock.advance(MINUTE);
    ada.at(&other).refresh_with(&stolen).await.problem(ErrorCode::ReplayDetected);
}

#[tokio::test]
async fn a_token_that_was_used_just_before_the_end_counts_as_used_afterwards() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    let stolen = ada.refresh_token();
    ada.refresh().await.ok();
    // While somebody else writes, what was seen in use cannot be written down; so the end comes before.
    let turn = app.state.db.begin().await.unwrap();
    ada.verify().await.ok();
    let end = async {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        turn.commit().await.unwrap();
    };
    tokio::join!(app.stop(), end);
    let app = app.beside(&[]).await;
    app.clock.advance(MINUTE);
    ada.at(&app).refresh_with(&stolen).await.problem(ErrorCode::ReplayDetected);
}

#[tokio::test]
async fn a_failing_database_is_a_clean_error_that_signs_nobody_out() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    ada.verify().await.ok();
    app.run_sql("ALTER TABLE sessions RENAME TO sessions_away").await;
    app.run_sql("ALTER TABLE accounts RENAME TO accounts_away").await;
    for path in ["/api/me", "/api/me/sessions", "/api/me/export"] {
        ada.get(path).await.problem(ErrorCode::Internal);
    }
    let refused = ada.refresh().await;
    refused.problem(ErrorCode::Internal);
    assert_eq!(refused.set_cookie(), None);
    ada.log_out().await.problem(ErrorCode::Internal);
    ada.end_others().await.problem(ErrorCode::Internal);
    ada.change_password(PASSWORD, "an entirely different phrase").await.problem(ErrorCode::Internal);
    ada.delete_account(PASSWORD).await.problem(ErrorCode::Internal);
    app.log_in(&ada.email, PASSWORD).await.problem(ErrorCode::Internal);
    let body = json!({"email": "bob@example.org", "password": PASSWORD, "display_name": "Bob"});
    app.post("/api/auth/signup", &body).await.problem(ErrorCode::Internal);
    ada.verify().await.ok();
    app.run_sql("ALTER TABLE accounts_away RENAME TO accounts").await;
    app.run_sql("ALTER TABLE sessions_away RENAME TO sessions").await;
    ada.refresh().await.ok();
    ada.me().await;
    app.post("/api/auth/signup", &body).await.created();
}

#[tokio::test]
async fn an_end_reaches_a_server_whose_clock_disagrees_by_up_to_a_minute() {
    let app = TestApp::spawn().await;
    let ahead = app.beside_ahead_by(59 * SECOND).await;
    for (name, here, there) in [("ada", &app, &ahead), ("bob", &ahead, &app)] {
        let person = here.signed_up(name).await;
        let there = person.at(there);
        there.verify().await.ok();
        person.log_out().await.no_content();
        let start = Instant::now();
        while there.verify().await.status == 200 {
            assert!(start.elapsed() < 20 * SECOND, "the other server never learns of {name}'s end");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        there.is_signed_out(EndReason::SignedOut).await;
    }
}
