//! Sessions that are bound to a client's key: accepted and refused requests, and recovery from a lost key.

use crate::support::*;
use latchkey::db::Executor as _;
use sea_orm::Statement;

const LOG_IN: &str = "/api/auth/login";
const REFRESH: &str = "/api/auth/refresh";

const CHROME: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const SAFARI: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15";
const CHROME_ON_IOS: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0.0.0 Mobile/15E148 Safari/604.1";

/// Signs in at a browser with a key, and optionally the cookie of a session.
async fn signed_in(ada: &Person, password: &str, key: Option<&Key>, cookie: Option<&str>) -> Answer {
    let mut call = ada.app.post(LOG_IN, &json!({"email": ada.email, "password": password}));
    if let Some(cookie) = cookie {
        call = call.cookie(cookie);
    }
    if let Some(key) = key {
        call = call.proof(&key.proof(&ada.app, LOG_IN));
    }
    call.await
}

fn session_of(answer: &Answer) -> Value {
    claims_of(&answer.access_token())["sid"].clone()
}

fn generation_of(answer: &Answer) -> Value {
    claims_of(&answer.access_token())["gen"].clone()
}

/// Returns the keys to which the sessions of this database are bound.
async fn keys_of(app: &TestApp) -> Vec<Option<String>> {
    let db = app.state.db.executor();
    let query = "SELECT key_source || ' ' || key_thumbprint FROM sessions ORDER BY id";
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), query)).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

#[tokio::test]
async fn a_session_that_begins_with_a_proof_is_bound_to_its_key() {
    let app = TestApp::spawn().await;
    let key = Key::of(1);
    let body = json!({"email": "ada@example.org", "password": PASSWORD, "display_name": "Ada"});
    app.post("/api/auth/signup", &body).proof(&key.proof(&app, "/api/auth/signup")).await.created();
    let body = json!({"email": "ada@example.org", "password": PASSWORD, "token_delivery": "body"});
    app.post(LOG_IN, &body).proof(&key.proof(&app, LOG_IN)).await.ok();
    app.log_in("ada@example.org", PASSWORD).await.ok();
    let (mut keys, bound) = (keys_of(&app).await, Some(format!("dpop {}", key.thumbprint())));
    keys.sort();
    assert_eq!(keys, [None, bound.clone(), bound]);
}

#[tokio::test]
async fn a_bound_session_is_refreshed_with_its_keys_proof_and_with_nothing_else() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await.elsewhere_bound_to(Key::of(1)).await;
    let thief = ada.stolen_copy();
    for _ in 0..3 {
        thief.refresh().await.asks_for_the_right_proof();
        let other = Key::of(2).proof(&app, REFRESH);
        let call = app.post(REFRESH, &json!({})).cookie(&ada.refresh_token());
        call.proof(&other).await.asks_for_the_right_proof();
        let in_body = json!({"refresh_token": ada.refresh_token()});
        app.post(REFRESH, &in_body).await.asks_for_the_right_proof();
        app.post(REFRESH, &in_body).proof(&other).await.asks_for_the_right_proof();
        ada.refresh().await.ok();
        ada.verify().await.ok();
        app.clock.advance(HOUR);
    }
    assert_eq!(ada.claims()["gen"], 3);
}

#[tokio::test]
async fn whoever_has_the_cookie_alone_neither_rotates_nor_ends_the_session_however_old_the_cookie_is() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await.elsewhere_bound_to(Key::of(1)).await;
    let mut stolen = vec![ada.refresh_token()];
    for _ in 0..3 {
        ada.refresh().await.ok();
        ada.verify().await.ok();
        app.clock.advance(MINUTE);
        stolen.push(ada.refresh_token());
    }
    let before = app.everything().await;
    for token in &stolen {
        ada.stolen_copy().refresh_with(token).await.asks_for_the_right_proof();
    }
    assert_eq!(app.everything().await, before);
    ada.refresh().await.ok();
    // With the key, a token more than one generation behind means that two clients share the session.
    ada.refresh_with(&stolen[0]).await.problem(ErrorCode::ReplayDetected);
    ada.is_signed_out(EndReason::ReplayDetected).await;
}

#[tokio::test]
async fn a_browser_that_crashed_and_holds_the_cookie_before_the_last_is_answered_again() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await.elsewhere_bound_to(Key::of(1)).await;
    ada.refresh().await.ok();
    for pause in [7 * SECOND, 21 * SECOND, HOUR, 9 * DAY] {
        let on_disk = ada.refresh_token();
        ada.refresh().await.ok();
        ada.verify().await.ok();
        let current = ada.claims()["gen"].clone();
        app.clock.advance(pause);
        // Several tabs are restored, and each of them refreshes.
        for _ in 0..3 {
            let answer = ada.refresh_with(&on_disk).await;
            assert_eq!(generation_of(&answer), current, "after {pause:?}");
            ada.store_tokens(&answer);
        }
        ada.verify().await.ok();
        ada.refresh().await.ok();
        ada.verify().await.ok();
    }
}

#[tokio::test]
async fn a_session_without_a_key_goes_on_as_before_whatever_proof_comes_along() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    let key = Key::of(1);
    let stolen = ada.refresh_token();
    let refresh =
        async |token: &str, proof: &str| app.post(REFRESH, &json!({})).cookie(token).proof(proof).await;
    let proof = key.proof(&app, REFRESH);
    for _ in 0..2 {
        let answer = refresh(&ada.refresh_token(), &proof).await;
        answer.ok();
        ada.store_tokens(&answer);
        ada.verify().await.ok();
    }
    app.clock.advance(MINUTE);
    refresh(&stolen, &key.proof(&app, REFRESH)).await.problem(ErrorCode::ReplayDetected);
}

#[tokio::test]
async fn remembered_sessions_of_browsers_that_delete_keys_are_bound_only_where_it_is_required() {
    let cases = [
        ("auto", CHROME, true, true),
        ("auto", FIREFOX, true, true),
        ("auto", "latchkey-cli/1.0", true, true),
        ("auto", SAFARI, true, false),
        ("auto", SAFARI, false, true),
        ("auto", CHROME_ON_IOS, true, false),
        ("auto", CHROME_ON_IOS, false, true),
        ("required", SAFARI, true, true),
        ("required", CHROME_ON_IOS, true, true),
        ("required", CHROME, true, true),
        ("off", CHROME, true, false),
        ("off", SAFARI, false, false),
    ];
    for mode in ["auto", "required", "off"] {
        let app = TestApp::with(&[("sessions.bind", mode)]).await;
        let key = Key::of(1);
        app.signed_up("ada").await;
        for (_, browser, remember, is_bound) in cases.iter().filter(|(of, ..)| *of == mode) {
            app.run_sql("DELETE FROM sessions").await;
            let body = json!({"email": "ada@example.org", "password": PASSWORD, "remember": remember});
            let call = app.post(LOG_IN, &body).header("user-agent", browser);
            let answer = call.proof(&key.proof(&app, LOG_IN)).await;
            answer.ok();
            let expected = is_bound.then(|| format!("dpop {}", key.thumbprint()));
            assert_eq!(keys_of(&app).await, [expected], "{mode} {browser} {remember}");
            let bare = app.post(REFRESH, &json!({})).cookie(&answer.refresh_token()).await;
            assert_eq!(bare.status == 401, *is_bound, "{mode} {browser} {remember}: {bare}");
            // Without a proof, signing in works as it does without keys.
            let answer = app.post(LOG_IN, &body).header("user-agent", browser).await;
            app.post(REFRESH, &json!({})).cookie(&answer.refresh_token()).await.ok();
        }
        // A session of a sign-up is always remembered.
        let body = json!({"email": "bob@example.org", "password": PASSWORD, "display_name": "Bob"});
        app.run_sql("DELETE FROM sessions").await;
        let call = app.post("/api/auth/signup", &body).header("user-agent", SAFARI);
        call.proof(&key.proof(&app, "/api/auth/signup")).await.created();
        assert_eq!(keys_of(&app).await[0].is_some(), mode == "required");
    }
}

#[tokio::test]
async fn a_server_that_asks_for_no_proofs_any_more_takes_bound_sessions_as_they_are() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await.elsewhere_bound_to(Key::of(1)).await;
    let off = app.beside(&[("sessions.bind", "off")]).await;
    let there = ada.stolen_copy().at(&off);
    there.refresh().await.ok();
    there.verify().await.ok();
    ada.at(&app).stolen_copy().refresh_with(&there.refresh_token()).await.asks_for_the_right_proof();
    ada.refresh_with(&there.refresh_token()).await.ok();
}

#[tokio::test]
async fn a_bound_session_outlives_a_restart_and_any_server_asks_for_its_key() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await.elsewhere_bound_to(Key::of(1)).await;
    let other = app.beside(&[]).await;
    ada.stolen_copy().at(&other).refresh().await.asks_for_the_right_proof();
    let there = ada.at(&other);
    there.refresh().await.ok();
    other.stop().await;
    let app = app.restarted().await;
    let there = there.at(&app);
    there.stolen_copy().refresh().await.asks_for_the_right_proof();
    there.refresh().await.ok();
}

#[tokio::test]
async fn a_bound_session_that_has_ended_says_so_to_whoever_asks() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await.elsewhere_bound_to(Key::of(1)).await;
    ada.log_out().await.no_content();
    for client in [&ada, &ada.stolen_copy()] {
        client.is_signed_out(EndReason::SignedOut).await;
    }
    let ada = ada.elsewhere_bound_to(Key::of(1)).await;
    app.clock.advance(14 * DAY);
    ada.stolen_copy().refresh().await.problem(ErrorCode::SessionEnded);
    ada.refresh().await.problem(ErrorCode::SessionEnded);
}

/// Covers the schema of the previous build: sessions without the columns.
#[tokio::test]
async fn sessions_from_before_there_were_keys_go_on_without_one() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    for column in ["key_thumbprint", "key_source"] {
        app.run_sql(&format!("ALTER TABLE sessions DROP COLUMN {column}")).await;
    }
    app.run_sql("DELETE FROM seaql_migrations WHERE version = 'm0003_session_keys'").await;
    let app = app.restarted().await;
    let ada = ada.at(&app);
    ada.verify().await.ok();
    ada.refresh().await.ok();
    assert_eq!(keys_of(&app).await, [None]);
    ada.elsewhere_bound_to(Key::of(1)).await.refresh().await.ok();
}

#[tokio::test]
async fn of_many_tabs_that_refresh_at_once_one_rotates_and_all_go_on() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await.elsewhere_bound_to(Key::of(1)).await;
    app.count_rotations().await;
    let token = ada.refresh_token();
    let answers = futures::future::join_all((0..12).map(|_| ada.refresh_with(&token))).await;
    for answer in &answers {
        assert_eq!(generation_of(answer), 1);
    }
    assert_eq!(app.rotations().await, ["1"]);
}

#[tokio::test]
async fn a_lost_key_is_replaced_in_the_same_session_by_whoever_knows_the_password() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await.elsewhere_bound_to(Key::of(1)).await;
    ada.refresh().await.ok();
    app.clock.advance(HOUR);
    let (old, new) = (ada.refresh_token(), Key::of(2));
    let answer = signed_in(&ada, PASSWORD, Some(&new), Some(&old)).await;
    assert_signed_in(&answer.ok());
    assert_eq!((session_of(&answer), generation_of(&answer)), (json!(ada.session_id()), json!(2)));
    assert_eq!(instant(&answer.ok()["session_expires_at"]), app.now() + 14 * DAY);
    assert_eq!(
        keys_of(&app).await.iter().flatten().collect::<Vec<_>>(),
        [&format!("dpop {}", new.thumbprint())]
    );
    app.get("/api/auth/verify").bearer(&answer.access_token()).await.ok();
    // The old key is no longer valid, and neither is the earlier cookie.
    ada.refresh().await.asks_for_the_right_proof();
    ada.refresh_with(&answer.refresh_token()).await.asks_for_the_right_proof();
    let call = app.post(REFRESH, &json!({})).cookie(&answer.refresh_token());
    let next = call.proof(&new.proof(&app, REFRESH)).await;
    assert_eq!((session_of(&next), generation_of(&next)), (json!(ada.session_id()), json!(3)));
}

#[tokio::test]
async fn whether_a_session_that_goes_on_is_remembered_is_what_was_asked_for_last() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await.elsewhere_bound_to(Key::of(1)).await;
    let body = json!({"email": ada.email, "password": PASSWORD, "remember": false});
    let call = app.post(LOG_IN, &body).cookie(&ada.refresh_token());
    let answer = call.proof(&Key::of(2).proof(&app, LOG_IN)).await;
    assert_eq!(session_of(&answer), json!(ada.session_id()));
    assert_eq!(instant(&answer.ok()["session_expires_at"]), app.now() + DAY);
    assert!(
        !answer.set_cookie().unwrap().attributes.iter().any(|attribute| attribute.starts_with("Max-Age"))
    );
}

#[tokio::test]
async fn an_ordinary_session_begins_where_there_is_none_to_go_on_with() {
    let app = TestApp::spawn().await;
    let (ada, bob) = (app.signed_up("ada").await, app.signed_up("bob").await);
    let bound = ada.elsewhere_bound_to(Key::of(1)).await;
    let bobs = bob.elsewhere_bound_to(Key::of(1)).await;
    let ended = ada.elsewhere_bound_to(Key::of(1)).await;
    ended.log_out().await.no_content();
    let before = bound.refresh_token();
    bound.refresh().await.ok();
    let old = Key::of(1);
    let new = Key::of(2);
    for (what, key, cookie) in [
        ("another account's session", Some(&new), bobs.refresh_token()),
        ("a session that has ended", Some(&new), ended.refresh_token()),
        ("a session without a key", Some(&new), ada.refresh_token()),
        ("a session that has gone on", Some(&new), before),
        ("the key that it has", Some(&old), bound.refresh_token()),
        ("no key", None, bound.refresh_token()),
        ("a forged cookie", Some(&new), format!("{}x", bound.refresh_token())),
        ("an access token", Some(&new), bound.access_token()),
    ] {
        let answer = signed_in(&ada, PASSWORD, key, Some(&cookie)).await;
        answer.ok();
        assert_eq!(generation_of(&answer), 0, "{what}");
        for person in [&ada, &bound, &bobs, &ended] {
            assert_ne!(session_of(&answer), json!(person.session_id()), "{what}");
        }
    }
    // A client that receives the token in the body sends no cookie.
    let body = json!({"email": ada.email, "password": PASSWORD, "token_delivery": "body"});
    let call = app.post(LOG_IN, &body).cookie(&bound.refresh_token()).proof(&new.proof(&app, LOG_IN));
    assert_ne!(session_of(&call.await), json!(bound.session_id()));
    for person in [&ada, &bound, &bobs] {
        person.refresh().await.ok();
    }
    app.clock.advance(14 * DAY);
    let answer = signed_in(&ada, PASSWORD, Some(&new), Some(&bound.refresh_token())).await;
    assert_ne!(session_of(&answer), json!(bound.session_id()), "its time is over");
}

#[tokio::test]
async fn with_the_cookie_alone_no_key_is_replaced() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await.elsewhere_bound_to(Key::of(1)).await;
    let mallory = app.signed_up("mallory").await;
    let (before, own) = (app.everything().await, Key::of(2));
    let answer = signed_in(&ada, "not the password", Some(&own), Some(&ada.refresh_token())).await;
    answer.problem(ErrorCode::CredentialsRejected);
    assert_eq!(app.everything().await, before);
    let answer = signed_in(&mallory, PASSWORD, Some(&own), Some(&ada.refresh_token())).await;
    assert_ne!(session_of(&answer), json!(ada.session_id()));
    ada.refresh().await.ok();
}

#[tokio::test]
async fn of_many_that_replace_one_key_at_once_one_goes_on_in_the_session_and_all_are_signed_in() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await.elsewhere_bound_to(Key::of(1)).await;
    let cookie = ada.refresh_token();
    let keys: Vec<Key> = (2..8).map(Key::of).collect();
    let answers = keys.iter().map(|key| signed_in(&ada, PASSWORD, Some(key), Some(&cookie)));
    let answers = futures::future::join_all(answers).await;
    let in_the_session = answers.iter().filter(|answer| session_of(answer) == json!(ada.session_id()));
    assert_eq!(in_the_session.count(), 1);
    for (answer, key) in answers.iter().zip(&keys) {
        let call = app.post(REFRESH, &json!({})).cookie(&answer.refresh_token());
        call.proof(&key.proof(&app, REFRESH)).await.ok();
    }
}

/// Anyone with only the old password stays out, in whatever order the two requests are processed.
#[tokio::test]
async fn no_key_is_replaced_with_a_password_that_is_changed_meanwhile() {
    let app = TestApp::spawn().await;
    for round in 0..6 {
        let ada = app.signed_up(&format!("ada{round}")).await.elsewhere_bound_to(Key::of(1)).await;
        let new = Key::of(2);
        let cookie = ada.refresh_token();
        let (changed, answer) = tokio::join!(
            ada.change_password(PASSWORD, "an entirely different phrase"),
            signed_in(&ada, PASSWORD, Some(&new), Some(&cookie))
        );
        assert!(changed.status < 300, "{changed}");
        if answer.status == 200 {
            // It was processed before the change; a session of its own would have ended with it.
            assert_eq!(session_of(&answer), json!(ada.session_id()));
        } else {
            answer.problem(ErrorCode::CredentialsRejected);
        }
    }
}

#[tokio::test]
async fn the_log_tells_of_a_stolen_cookie_once_a_minute() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await.elsewhere_bound_to(Key::of(1)).await;
    let told = || app.log_capture.lines(&ada.session_id(), "without the proof of the session's key");
    for minute in 1..4 {
        for _ in 0..5 {
            ada.stolen_copy().refresh().await.asks_for_the_right_proof();
        }
        assert_eq!(told(), minute);
        app.clock.advance(MINUTE);
    }
}
