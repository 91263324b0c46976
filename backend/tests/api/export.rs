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
