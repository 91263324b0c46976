//! `GET /api/me/export`

use crate::support::*;

#[tokio::test]
async fn an_export_tells_all_that_is_known_but_the_secrets() {
    let app = TestApp::spawn().await;
    let created_at = app.now();
    let ada = app.signed_up("ada").await;
    app.signed_up("bob").await;
    app.clock.advance(MINUTE);
    let phone = ada.elsewhere().await;
    phone.log_out().await.no_content();
    let answer = ada.get("/api/me/export").await;
    let export = answer.ok();
    assert_eq!(answer.header("content-disposition"), Some("attachment; filename=\"latchkey-account.json\""));
    assert_eq!(
        keys(&export),
        ["account", "exported_at", "password", "sessions", "signed_in_at", "updated_at"]
    );
    assert_eq!(instant(&export["exported_at"]), app.now());
    assert_eq!(instant(&export["updated_at"]), created_at);
    assert_eq!(instant(&export["signed_in_at"]), app.now());
    assert_eq!(export["account"], ada.me().await);
    assert_eq!(keys(&export["password"]), ["algorithm", "changed_at"]);
    assert_eq!(export["password"]["algorithm"], "argon2id");
    assert_eq!(instant(&export["password"]["changed_at"]), created_at);
    let sessions = export["sessions"].as_array().unwrap();
    let mut ids: Vec<_> = sessions.iter().map(|session| session["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    assert_eq!(ids, [ada.session_id(), phone.session_id()]);
    let text = String::from_utf8(answer.bytes.clone()).unwrap();
    for secret in ["$argon2id", PASSWORD, &ada.access_token(), &ada.refresh_token(), "bob@"] {
        assert!(!text.contains(secret), "{text}");
    }
}

/// Until a session is deleted, it records when the person signed in; from then on the account does.
#[tokio::test]
async fn the_last_sign_in_is_told_after_its_session_has_been_deleted() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    for _ in 0..2 {
        app.clock.advance(MINUTE);
        ada.elsewhere().await.log_out().await.no_content();
    }
    let last = app.now();
    for _ in 0..31 {
        app.clock.advance(DAY);
        ada.refresh().await.ok();
    }
    assert_eq!(app.everything().await.len(), 5, "an account, its password and three sessions");
    // Old sessions are deleted when a server starts, concurrently with its first requests.
    let later = app.restarted().await;
    until("their rows are deleted", async || later.everything().await.len() == 3).await;
    assert_eq!(instant(&ada.at(&later).export().await["signed_in_at"]), last);
}
