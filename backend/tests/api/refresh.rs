//! `POST /api/auth/refresh`: refresh token rotation, as a client sees it.

use crate::support::*;

#[tokio::test]
async fn a_refresh_brings_the_next_pair_of_tokens() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    let (first, signed_in_at) = (ada.claims(), app.now());
    app.clock.advance(5 * MINUTE);
    let answer = ada.refresh().await;
    let signed_in = answer.ok();
    assert_signed_in(&signed_in);
    assert_eq!(signed_in.get("refresh_token"), None, "it travels as the last one did");
    assert_eq!(instant(&signed_in["session_expires_at"]), app.now() + 14 * DAY);
    let cookie = answer.set_cookie().unwrap();
    assert_eq!(cookie.attributes, ["HttpOnly", "Max-Age=1209600", "Path=/api/auth", "SameSite=Strict"]);
    let next = ada.verify().await.ok();
    for same in ["iss", "aud", "sub", "sid", "roles", "auth_time"] {
        assert_eq!(next[same], first[same], "{same}");
    }
    assert_eq!(next["auth_time"], signed_in_at.as_seconds());
    assert_eq!((&first["gen"], &next["gen"]), (&json!(0), &json!(1)));
    assert_eq!(next["iat"], app.now().as_seconds());
    assert_eq!(next["exp"], app.now().as_seconds() + 600);
    assert_ne!(next["jti"], first["jti"]);
}

#[tokio::test]
async fn a_refresh_token_in_the_body_brings_the_next_one_in_the_body() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await.elsewhere_with(json!({"token_delivery": "body"})).await;
    let mut token = ada.refresh_token();
    for generation in 1..4 {
        let answer = app.post("/api/auth/refresh", &json!({"refresh_token": token})).await;
        assert_signed_in(&answer.ok());
        assert_eq!(answer.set_cookie(), None);
        assert_eq!(claims_of(&answer.access_token())["gen"], generation);
        app.get("/api/auth/verify").bearer(&answer.access_token()).await.ok();
        token = answer.refresh_token();
    }
}

#[tokio::test]
async fn without_any_refresh_token_one_is_asked_for() {
    let app = TestApp::spawn().await;
    app.post("/api/auth/refresh", &json!({})).await.problem(ErrorCode::TokenMissing);
    app.post("/api/auth/refresh", &json!({})).cookie("").await.problem(ErrorCode::TokenMissing);
    app.call("POST", "/api/auth/refresh").await.problem(ErrorCode::TokenMissing);
    let other = app.post("/api/auth/refresh", &json!({})).header("cookie", "theme=dark; latchkey=1");
    other.await.problem(ErrorCode::TokenMissing);
}

#[tokio::test]
async fn the_cookie_is_found_among_those_of_other_apps() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    for around in ["theme=dark; {}; lang=ko", "{};x", "이름=값; {}", "a=b;{}"] {
        let cookie = around.replace("{}", &format!("latchkey_refresh={}", ada.refresh_token()));
        app.post("/api/auth/refresh", &json!({})).header("cookie", cookie).await.ok();
    }
}

#[tokio::test]
async fn an_answer_that_was_lost_is_given_again() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    ada.verify().await.ok();
    let old = ada.refresh_token();
    let lost = ada.refresh_with(&old).await;
    let again = ada.refresh_with(&old).await;
    for answer in [&lost, &again] {
        assert_eq!(claims_of(&answer.access_token())["gen"], 1);
        assert_eq!(claims_of(&answer.refresh_token())["gen"], 1);
    }
    app.get("/api/auth/verify").bearer(&again.access_token()).await.ok();
    ada.refresh_with(&again.refresh_token()).await.ok();
}

#[tokio::test]
async fn a_lost_answer_is_given_again_however_late_as_long_as_nothing_of_it_was_used() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    let old = ada.refresh_token();
    ada.refresh_with(&old).await.ok();
    for pause in [21 * SECOND, HOUR, DAY, 12 * DAY] {
        app.clock.advance(pause);
        assert_eq!(claims_of(&ada.refresh_with(&old).await.access_token())["gen"], 1, "after {pause:?}");
    }
    ada.refresh().await.ok();
    assert_eq!(ada.verify().await.ok()["gen"], 1);
}

#[tokio::test]
async fn another_tab_that_asks_at_the_same_moment_gets_the_same_generation_although_it_is_in_use() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    let old = ada.refresh_token();
    ada.refresh().await.ok();
    ada.verify().await.ok();
    app.clock.advance(20 * SECOND - Duration::from_millis(1));
    let other_tab = ada.refresh_with(&old).await;
    assert_eq!(claims_of(&other_tab.access_token())["gen"], 1);
    ada.refresh().await.ok();
    assert_eq!(ada.verify().await.ok()["gen"], 2);
}

#[tokio::test]
async fn a_replayed_refresh_token_ends_the_session_for_both() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    let elsewhere = ada.elsewhere().await;
    let stolen = ada.refresh_token();
    ada.refresh().await.ok();
    ada.verify().await.ok();
    app.clock.advance(20 * SECOND);
    let thief = ada.refresh_with(&stolen).await;
    assert_eq!(thief.problem(ErrorCode::ReplayDetected).end_reason, Some(EndReason::ReplayDetected));
    assert_eq!(thief.set_cookie(), None);
    let thief = ada.refresh_with(&stolen).await;
    assert_eq!(thief.problem(ErrorCode::SessionEnded).end_reason, Some(EndReason::ReplayDetected));
    ada.is_signed_out(EndReason::ReplayDetected).await;
    let listed = elsewhere.listed(&ada.session_id()).await;
    assert_eq!(listed["end_reason"], "replay_detected");
    assert_eq!(instant(&listed["ended_at"]), app.now());
}

#[tokio::test]
async fn use_counts_although_it_was_the_only_call_before_the_server_stopped() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    let stolen = ada.refresh_token();
    ada.refresh().await.ok();
    ada.verify().await.ok();
    let app = app.restarted().await;
    app.clock.advance(MINUTE);
    ada.at(&app).refresh_with(&stolen).await.problem(ErrorCode::ReplayDetected);
}

#[tokio::test]
async fn a_token_two_generations_behind_is_a_replay_however_young() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    let stolen = ada.refresh_token();
    ada.refresh().await.ok();
    ada.refresh().await.ok();
    ada.refresh_with(&stolen).await.problem(ErrorCode::ReplayDetected);
    ada.is_signed_out(EndReason::ReplayDetected).await;
}

#[tokio::test]
async fn a_replay_in_one_session_leaves_the_others_alone() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    let (laptop, bob) = (ada.elsewhere().await, app.signed_up("bob").await);
    let stolen = ada.refresh_token();
    ada.refresh().await.ok();
    ada.refresh().await.ok();
    ada.refresh_with(&stolen).await.problem(ErrorCode::ReplayDetected);
    laptop.refresh().await.ok();
    bob.refresh().await.ok();
}

#[tokio::test]
async fn the_grace_time_is_as_long_as_it_is_configured() {
    let app = TestApp::with(&[("tokens.refresh_grace", "2m")]).await;
    let ada = app.signed_up("ada").await;
    let old = ada.refresh_token();
    ada.refresh().await.ok();
    ada.verify().await.ok();
    app.clock.advance(2 * MINUTE - Duration::from_millis(1));
    ada.refresh_with(&old).await.ok();
    app.clock.advance(Duration::from_millis(1));
    ada.refresh_with(&old).await.problem(ErrorCode::ReplayDetected);
}

#[tokio::test]
async fn a_session_that_is_not_used_for_a_fortnight_is_over() {
    let app = TestApp::spawn().await;
    let (ada, bob) = (app.signed_up("ada").await, app.signed_up("bob").await);
    app.clock.advance(14 * DAY - SECOND);
    ada.refresh().await.ok();
    app.clock.advance(SECOND);
    let answer = bob.refresh().await;
    assert_eq!(answer.problem(ErrorCode::SessionEnded).end_reason, Some(EndReason::Expired));
    assert_eq!(answer.set_cookie(), None);
    ada.refresh().await.ok();
}

#[tokio::test]
async fn one_that_is_not_remembered_is_over_after_a_day_without_use() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await.elsewhere_with(json!({"remember": false})).await;
    for _ in 0..3 {
        app.clock.advance(DAY - SECOND);
        let answer = ada.refresh().await;
        assert_eq!(instant(&answer.ok()["session_expires_at"]), app.now() + DAY);
        let attributes = answer.set_cookie().unwrap().attributes;
        assert_eq!(
            attributes,
            ["HttpOnly", "Path=/api/auth", "SameSite=Strict"],
            "still until the window closes"
        );
    }
    app.clock.advance(DAY);
    let ended = ada.refresh().await.problem(ErrorCode::SessionEnded);
    assert_eq!(ended.end_reason, Some(EndReason::Expired));
}

#[tokio::test]
async fn a_session_that_is_used_every_day_is_over_after_ninety() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    let end = app.now() + 90 * DAY;
    for day in 1..90_u32 {
        app.clock.advance(DAY);
        let answer = ada.refresh().await;
        let expected = end.min(app.now() + 14 * DAY);
        assert_eq!(instant(&answer.ok()["session_expires_at"]), expected, "on day {day}");
        let age = answer.set_cookie().unwrap().attributes[1].clone();
        assert_eq!(age, format!("Max-Age={}", app.now().until(expected).as_secs()), "on day {day}");
    }
    app.clock.advance(DAY);
    let ended = ada.refresh().await.problem(ErrorCode::SessionEnded);
    assert_eq!(ended.end_reason, Some(EndReason::Expired));
}

#[tokio::test]
async fn the_limits_are_those_that_are_configured() {
    let app =
        TestApp::with(&[("sessions.idle", "2h"), ("sessions.idle_short", "1h"), ("sessions.absolute", "3h")])
            .await;
    let ada = app.signed_up("ada").await;
    let short = ada.elsewhere_with(json!({"remember": false})).await;
    app.clock.advance(HOUR);
    short.refresh().await.problem(ErrorCode::SessionEnded);
    app.clock.advance(HOUR - SECOND);
    let answer = ada.refresh().await;
    assert_eq!(
        instant(&answer.ok()["session_expires_at"]),
        app.now() + HOUR + SECOND,
        "the third hour is the last"
    );
    app.clock.advance(HOUR + SECOND);
    ada.refresh().await.problem(ErrorCode::SessionEnded);
}

#[tokio::test]
async fn what_the_account_may_do_is_read_anew() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    app.run_sql("UPDATE accounts SET roles = 'user admin' WHERE email_key = 'ada@example.org'").await;
    assert_eq!(ada.verify().await.ok()["roles"], json!(["user"]));
    assert_eq!(ada.refresh().await.ok()["account"]["roles"], json!(["user", "admin"]));
    assert_eq!(ada.verify().await.ok()["roles"], json!(["user", "admin"]));
    app.run_sql("UPDATE accounts SET roles = '' WHERE email_key = 'ada@example.org'").await;
    ada.refresh().await.ok();
    assert_eq!(ada.verify().await.ok()["roles"], json!([]));
}

#[tokio::test]
async fn a_session_that_nobody_knows_any_more_is_over() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    app.run_sql("DELETE FROM sessions").await;
    assert_eq!(ada.refresh().await.problem(ErrorCode::SessionEnded).end_reason, None);
}

#[tokio::test]
async fn where_a_session_was_used_last_is_where_it_was_refreshed() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    app.clock.advance(HOUR);
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let call = app.post("/api/auth/refresh", &json!({})).cookie(&ada.refresh_token());
    let answer = call.header("user-agent", firefox).await;
    let listed = app.get("/api/me/sessions").bearer(&answer.access_token()).await.ok()["items"][0].clone();
    assert_eq!((&listed["device"], &listed["user_agent"]), (&json!("Firefox on Linux"), &json!(firefox)));
    assert_eq!(instant(&listed["last_seen_at"]), app.now());
}
