//! Credentials: hashes whose parameters change, and databases from before there was a table of them.

use crate::support::*;
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// Returns a hash of the tests' password as an earlier version, or other settings, would have stored it.
fn hash_with(memory_kib: u32, passes: u32, lanes: u32) -> String {
    let params = Params::new(memory_kib, passes, lanes, Some(32)).unwrap();
    let (salt, mut hash) = ([9; 16], [0; 32]);
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into(PASSWORD.as_bytes(), &salt, &mut hash).unwrap();
    let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash));
    format!("$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${salt}${hash}")
}

async fn store(app: &TestApp, hash: &str) {
    app.run_sql(&format!("UPDATE credentials SET secret = '{hash}'")).await;
}

async fn stored(app: &TestApp) -> String {
    app.lines("SELECT secret FROM credentials").await.remove(0)
}

#[tokio::test]
async fn a_hash_of_other_parameters_is_good_and_is_renewed_by_the_sign_in_that_proved_it() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    for (memory_kib, passes, lanes) in [(8192, 1, 1), (19_456, 3, 1), (32_768, 2, 4)] {
        let old = hash_with(memory_kib, passes, lanes);
        store(&app, &old).await;
        app.log_in(&ada.email, "a wrong but strong phrase").await.problem(ErrorCode::CredentialsRejected);
        assert_eq!(stored(&app).await, old, "a wrong password renews nothing");
        app.log_in(&ada.email, PASSWORD).await.ok();
        until("the hash is renewed", async || stored(&app).await != old).await;
        assert!(stored(&app).await.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        app.log_in(&ada.email, PASSWORD).await.ok();
    }
    ada.refresh().await.ok();
}

#[tokio::test]
async fn sign_ins_beside_the_renewal_of_a_hash_all_succeed() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    let other = app.beside(&[]).await;
    for _ in 0..3 {
        store(&app, &hash_with(8192, 1, 1)).await;
        let logins = (0..6).map(|index| [&app, &other][index % 2].log_in(&ada.email, PASSWORD));
        for answer in futures::future::join_all(logins).await {
            answer.ok();
        }
    }
}

#[tokio::test]
async fn a_password_that_changes_beside_the_renewal_stays_changed() {
    const NEW: &str = "an entirely different phrase";
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    store(&app, &hash_with(8192, 1, 1)).await;
    let body = json!({"current_password": PASSWORD, "new_password": NEW});
    ada.call("POST", "/api/me/password").json(&body).await.ok();
    // Whatever the renewal still does, it does before this is over.
    for _ in 0..3 {
        app.log_in(&ada.email, NEW).await.ok();
        app.log_in(&ada.email, PASSWORD).await.problem(ErrorCode::CredentialsRejected);
    }
}

#[tokio::test]
async fn new_hashes_cost_what_the_settings_say() {
    let settings = [("passwords.memory", "8MiB"), ("passwords.passes", "3"), ("passwords.lanes", "2")];
    let app = TestApp::with(&settings).await;
    let ada = app.signed_up("ada").await;
    assert!(stored(&app).await.starts_with("$argon2id$v=19$m=8192,t=3,p=2$"));
    app.log_in(&ada.email, PASSWORD).await.ok();
    let body = json!({"current_password": PASSWORD, "new_password": "an entirely different phrase"});
    ada.call("POST", "/api/me/password").json(&body).await.ok();
    assert!(stored(&app).await.starts_with("$argon2id$v=19$m=8192,t=3,p=2$"));
}

#[tokio::test]
async fn a_hash_that_nobody_understands_is_the_servers_fault_and_no_wrong_guess() {
    let app = TestApp::with(&[("throttle.per_account", "2")]).await;
    let ada = app.signed_up("ada").await;
    let good = stored(&app).await;
    for unknown in ["", "$2b$10$abcdefghijklmnopqrstuu", "$argon2id$v=19$m=4294967295,t=2,p=1$AAAA$AAAA"] {
        store(&app, unknown).await;
        // More often than wrong guesses are allowed.
        for password in [PASSWORD, "a wrong but strong phrase", PASSWORD] {
            app.log_in(&ada.email, password).await.problem(ErrorCode::Internal);
        }
        let body = json!({"current_password": PASSWORD, "new_password": "an entirely different phrase"});
        ada.call("POST", "/api/me/password").json(&body).await.problem(ErrorCode::Internal);
        ada.call("DELETE", "/api/me").json(&json!({"password": PASSWORD})).await.problem(ErrorCode::Internal);
    }
    store(&app, &good).await;
    app.log_in(&ada.email, PASSWORD).await.ok();
    ada.refresh().await.ok();
}

/// Changes the database into one of the build before the table of credentials.
async fn undo_credentials(app: &TestApp) {
    for statement in [
        "ALTER TABLE accounts ADD COLUMN password_hash text NOT NULL DEFAULT ''",
        "ALTER TABLE accounts ADD COLUMN password_changed_at bigint NOT NULL DEFAULT 0",
        "UPDATE accounts SET password_hash = (SELECT secret FROM credentials WHERE account_id = accounts.id), \
         password_changed_at = (SELECT created_at FROM credentials WHERE account_id = accounts.id)",
        "DROP TABLE credentials",
        "ALTER TABLE accounts DROP COLUMN credential_version",
        "ALTER TABLE sessions DROP COLUMN authenticated_at",
        "ALTER TABLE sessions DROP COLUMN methods",
        "ALTER TABLE sessions DROP COLUMN client_id",
        "DELETE FROM seaql_migrations WHERE version = 'm0006_credentials'",
    ] {
        app.run_sql(statement).await;
    }
}

#[tokio::test]
async fn accounts_and_sessions_from_before_there_were_credentials_go_on() {
    let app = TestApp::spawn().await;
    let (ada, bob) = (app.signed_up("ada").await, app.signed_up("bob").await);
    let signed_up_at = app.now();
    let before = app.lines("SELECT secret FROM credentials ORDER BY account_id").await;
    app.clock.advance(HOUR);
    undo_credentials(&app).await;
    let app = app.restarted().await;
    let (ada, bob) = (ada.at(&app), bob.at(&app));
    assert_eq!(app.lines("SELECT secret FROM credentials ORDER BY account_id").await, before);
    // Nobody is signed out, and each still has their own password.
    for person in [&ada, &bob] {
        person.refresh().await.ok();
        assert_eq!(person.claims()["auth_time"], signed_up_at.as_seconds());
        app.log_in(&person.email, PASSWORD).await.ok();
    }
    let export = ada.call("GET", "/api/me/export").await.ok();
    assert_eq!(instant(&export["password"]["changed_at"]), signed_up_at);
    let body = json!({"current_password": PASSWORD, "new_password": "an entirely different phrase"});
    ada.call("POST", "/api/me/password").json(&body).await.ok();
    app.log_in(&bob.email, PASSWORD).await.ok();
    app.log_in(&ada.email, PASSWORD).await.problem(ErrorCode::CredentialsRejected);
    bob.call("DELETE", "/api/me").json(&json!({"password": PASSWORD})).await;
    assert_eq!(
        app.lines("SELECT secret FROM credentials").await.len(),
        1,
        "a credential goes with its account"
    );
}
