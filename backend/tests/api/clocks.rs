//! Wrong clocks: two servers whose clocks disagree, and one whose clock jumps.

use crate::support::*;
use latchkey::app::App;
use latchkey::authentication::throttle::{AttemptScope, TooManyAttempts};
use latchkey::config::Config;
use latchkey::platform::{OsRandomness, TestClock};
use latchkey::sessions;
use std::sync::Arc;

/// Durations by which a clock jumps.
const LEAPS: [Duration; 3] = [MINUTE, DAY, Duration::from_secs(365 * 24 * 60 * 60)];

/// Starts servers that share a database and whose clocks differ in either direction.
async fn apart() -> Vec<[TestApp; 2]> {
    let mut pairs = Vec::new();
    for skew in [20 * SECOND, 59 * SECOND] {
        let app = TestApp::spawn().await;
        let ahead = app.beside_ahead_by(skew).await;
        pairs.push([app.clone(), ahead.clone()]);
        pairs.push([ahead, app]);
    }
    pairs
}

#[tokio::test]
async fn a_tab_that_asks_another_server_at_the_same_moment_is_answered_however_their_clocks_disagree() {
    for (number, [here, there]) in apart().await.into_iter().enumerate() {
        let ada = here.signed_up(&format!("ada{number}")).await;
        let mut old = ada.refresh_token();
        for generation in 1..4 {
            ada.refresh().await.ok();
            ada.verify().await.ok();
            here.state.sessions.token_use.flush(&here.state.sessions).await.unwrap();
            let other_tab = ada.at(&there).refresh_with(&old).await;
            assert_eq!(claims_of(&other_tab.access_token())["gen"], generation, "pair {number}");
            old = ada.refresh_token();
        }
        ada.refresh().await.ok();
    }
}

#[tokio::test]
async fn a_thief_who_asks_another_server_is_met_there_however_the_clocks_disagree() {
    for (number, [here, there]) in apart().await.into_iter().enumerate() {
        let ada = here.signed_up(&format!("ada{number}")).await;
        let stolen = ada.refresh_token();
        ada.refresh().await.ok();
        ada.verify().await.ok();
        here.state.sessions.token_use.flush(&here.state.sessions).await.unwrap();
        for server in [&here, &there] {
            server.clock.advance(MINUTE);
        }
        ada.at(&there).refresh_with(&stolen).await.problem(ErrorCode::ReplayDetected);
    }
}

#[tokio::test]
async fn what_has_ended_stays_ended_while_the_clock_leaps_forward_and_back() {
    for leap in LEAPS {
        let app = TestApp::spawn().await;
        let (ada, bob) = (app.signed_up("ada").await, app.signed_up("bob").await);
        ada.verify().await.ok();
        ada.log_out().await.no_content();
        let right = app.now();
        app.clock.set(right + leap);
        // With the wrong clock, the server has checked several times for entries to discard.
        tokio::time::sleep(4 * sessions::REVOCATION_POLL_INTERVAL).await;
        app.clock.set(right);
        assert_eq!(
            ada.verify().await.problem(ErrorCode::SessionEnded).end_reason,
            Some(EndReason::SignedOut)
        );
        bob.verify().await.ok();
        bob.refresh().await.ok();
    }
}

#[tokio::test]
async fn what_another_server_ends_after_the_clock_was_set_back_is_learnt() {
    for leap in LEAPS {
        let app = TestApp::spawn().await;
        let ada = app.signed_up("ada").await;
        let clock = Arc::new(TestClock::starting_at(app.now() + leap));
        let other =
            App::start(Config::clone(&app.state.config), Arc::clone(&clock) as _, Arc::new(OsRandomness))
                .await;
        let other = other.unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(sessions::poll_revocations(other.sessions.clone(), Duration::from_millis(10)));
        tokio::time::sleep(Duration::from_millis(50)).await;
        let id = ada.session_id().parse().unwrap();
        ada.log_out().await.no_content();
        clock.set(app.now());
        until("it learns of it", async || {
            other.sessions.revocations.reason(id) == Some(EndReason::SignedOut)
        })
        .await;
    }
}

#[tokio::test]
async fn a_clock_that_leaps_makes_no_session_old() {
    for leap in LEAPS {
        let app = TestApp::spawn().await;
        let ada = app.signed_up("ada").await;
        ada.elsewhere().await.log_out().await.no_content();
        let before = app.everything().await;
        app.clock.set(app.now() + leap);
        // A server sweeps first at its start, when only the stored times show what time it is.
        let other = app.beside(&[]).await;
        other.get("/api/health/ready").await.ok();
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(app.everything().await, before, "after {leap:?}");
        let right = app.now() - leap;
        app.clock.set(right);
        ada.verify().await.ok();
        ada.refresh().await.ok();
    }
}

#[tokio::test]
async fn what_was_counted_against_guessing_is_neither_forgotten_nor_held_against_anybody_when_the_clock_leaps()
 {
    let app = TestApp::with(&[("throttle.per_account", "2")]).await;
    let ada = app.signed_up("ada").await;
    let right = app.now();
    for _ in 0..2 {
        app.log_in(&ada.email, "wrong").await.problem(ErrorCode::CredentialsRejected);
    }
    for leap in LEAPS {
        for shown in [right + leap, right - leap, right] {
            app.clock.set(shown);
            app.log_in(&ada.email, PASSWORD).await.problem(ErrorCode::TooManyRequests);
        }
    }
    app.clock.set(right + DAY);
    app.clock.advance(2 * SECOND);
    app.clock.set(right);
    app.log_in(&ada.email, PASSWORD).await.ok();
}

#[tokio::test]
async fn a_token_from_a_future_that_no_server_may_be_in_is_refused_and_a_refresh_brings_another() {
    let app = TestApp::spawn().await;
    let right = app.now();
    for (leap, lives) in [(30 * SECOND, true), (60 * SECOND, true), (2 * MINUTE, false), (DAY, false)] {
        app.clock.set(right + leap);
        let ada = app.signed_up(&format!("ada{}", leap.as_secs())).await;
        app.clock.set(right);
        let verified = ada.verify().await;
        if lives {
            verified.ok();
        } else {
            verified.problem(ErrorCode::TokenExpired);
        }
        ada.refresh().await.ok();
        ada.verify().await.ok();
    }
}

#[tokio::test]
async fn a_rotation_that_lies_ahead_widens_no_grace() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    let stolen = ada.refresh_token();
    let right = app.now();
    app.clock.set(right + DAY);
    ada.refresh().await.ok();
    app.clock.set(right);
    ada.refresh_with(&stolen).await.ok();
    ada.refresh().await.ok();
    ada.verify().await.ok();
    app.clock.advance(MINUTE);
    let last = ada.refresh_token();
    ada.refresh().await.ok();
    ada.verify().await.ok();
    app.clock.advance(MINUTE);
    ada.refresh_with(&last).await.problem(ErrorCode::ReplayDetected);
}

#[tokio::test]
async fn a_wrong_try_at_a_server_whose_clock_disagrees_costs_as_much_as_at_this_one() {
    for (number, [here, there]) in apart().await.into_iter().enumerate() {
        let ada = here.signed_up(&format!("ada{number}")).await;
        let waits = |server: &TestApp| {
            let scope = AttemptScope::for_account("127.0.0.1", &ada.email);
            server
                .state
                .authentication
                .throttle
                .admit(scope, server.state.authentication.monotonic_now())
                .err()
                .map(|TooManyAttempts(wait)| wait)
        };
        for wrong in 1..=10 {
            there.log_in(&ada.email, "wrong").await.problem(ErrorCode::CredentialsRejected);
            let told = format!("wrong_tries WHERE wrong = {wrong}");
            until("it is told", async || here.count(&told).await > 0).await;
            if wrong == 1 {
                // Both have polled several times for what the other has shared.
                tokio::time::sleep(Duration::from_secs(2)).await;
                assert_eq!(waits(&here), None, "pair {number}: one is free");
            }
        }
        until("the tenth is known here", async || waits(&here).is_some()).await;
        assert!(waits(&here) <= Some(2 * SECOND), "pair {number}: {:?}", waits(&here));
        here.clock.advance(2 * SECOND);
        here.log_in(&ada.email, PASSWORD).await.ok();
    }
}

/// PostgreSQL's clock cannot be set here, so a function of the same name takes precedence over it.
#[tokio::test]
#[ignore = "needs PostgreSQL: `cargo xtask test` starts one and runs it"]
async fn a_database_whose_clock_is_corrected_is_believed_before_long() {
    let app = TestApp::spawn().await;
    app.run_sql(
        "DROP SCHEMA IF EXISTS moved CASCADE; CREATE SCHEMA moved; CREATE TABLE moved.ahead AS SELECT interval '0' AS by; \
         CREATE FUNCTION moved.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS \
         'SELECT pg_catalog.clock_timestamp() + by FROM moved.ahead'; \
         DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path TO moved, pg_catalog, public', \
         current_database()); END $$",
    )
    .await;
    // New connections use it.
    let other = app.beside(&[]).await.state.clone();
    let shared = |app: &App| app.sessions.database_clock.now();
    let before = shared(&other);
    let mut tasks = tokio::task::JoinSet::new();
    let database_clock = Arc::clone(&other.sessions.database_clock);
    tasks.spawn(async move { database_clock.sync_every(Duration::from_millis(10)).await });
    app.run_sql("UPDATE moved.ahead SET by = interval '1 hour'").await;
    until("it is read again", async || before.until(shared(&other)) > 59 * MINUTE).await;
    app.run_sql("UPDATE moved.ahead SET by = interval '0'").await;
    until("and again", async || before.until(shared(&other)) < 59 * MINUTE).await;
}
