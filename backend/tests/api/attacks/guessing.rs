//! Guessing of passwords and email addresses.

use crate::support::*;
use latchkey::authentication::throttle::{Attempt, AttemptScope};
use latchkey::db::Executor as _;
use sea_orm::Statement;

const WRONG: &str = "a wrong but strong phrase";
const GUESSABLE: &str = "qwerty123456";

/// Sends a login request from this address, through the configured proxy.
async fn from(app: &TestApp, ip: &str, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password});
    app.post("/api/auth/login", &body).header("x-forwarded-for", ip).await
}

async fn behind_a_proxy() -> TestApp {
    TestApp::with(&[("proxies.trusted", "127.0.0.1")]).await
}

/// Returns the time until the next attempt is permitted, in seconds.
#[track_caller]
fn wait(answer: &Answer) -> u64 {
    answer.problem(ErrorCode::TooManyRequests);
    answer.header("retry-after").unwrap().parse().unwrap()
}

/// Sends `tries` wrong passwords, each after the required wait, and returns the waits in seconds.
async fn patiently(app: &TestApp, email: &str, tries: usize) -> Vec<u64> {
    let mut waits = Vec::new();
    for _ in 0..tries {
        let answer = app.log_in(email, WRONG).await;
        if answer.status == 429 {
            waits.push(wait(&answer));
            app.clock.advance(Duration::from_secs(*waits.last().unwrap()));
            app.log_in(email, WRONG).await.problem(ErrorCode::CredentialsRejected);
        } else {
            answer.problem(ErrorCode::CredentialsRejected);
            waits.push(0);
        }
    }
    waits
}

#[tokio::test]
async fn each_wrong_password_after_the_tenth_makes_the_next_wait_twice_as_long() {
    let app = TestApp::spawn().await;
    app.signed_up("ada").await;
    assert_eq!(
        patiently(&app, "ada@example.org", 15).await,
        [[0; 10].as_slice(), &[2, 4, 8, 16, 32]].concat()
    );
    let told = wait(&app.log_in("ada@example.org", PASSWORD).await);
    app.clock.advance(Duration::from_secs(told) - Duration::from_millis(1));
    assert_eq!(wait(&app.log_in("ada@example.org", PASSWORD).await), 1, "whole seconds, and never too few");
    app.clock.advance(Duration::from_millis(1));
    app.log_in("ada@example.org", PASSWORD).await.ok();
    assert_eq!(patiently(&app, "ada@example.org", 10).await, [0; 10], "who knows the password starts anew");
}

#[tokio::test]
async fn an_address_without_an_account_is_counted_and_answered_as_one_with_an_account() {
    let app = TestApp::spawn().await;
    app.signed_up("ada").await;
    let mut told = Vec::new();
    for email in ["ada@example.org", "nobody@example.org"] {
        let waits = patiently(&app, email, 13).await;
        let answer = app.log_in(email, WRONG).await;
        let mut problem = answer.problem(ErrorCode::TooManyRequests);
        problem.request_id = String::new();
        told.push((waits, problem, wait(&answer)));
    }
    assert_eq!(told[0], told[1]);
}

#[tokio::test]
async fn a_wait_refuses_before_anything_is_looked_up_or_hashed() {
    let app = TestApp::spawn().await;
    app.signed_up("ada").await;
    patiently(&app, "ada@example.org", 10).await;
    app.run_sql("ALTER TABLE accounts RENAME TO accounts_away").await;
    wait(&app.log_in("ADA@example.org", PASSWORD).await);
    app.log_in("bob@example.org", PASSWORD).await.problem(ErrorCode::Internal);
}

#[tokio::test]
async fn nobody_can_keep_an_accounts_owner_out() {
    let app = behind_a_proxy().await;
    let ada = app.signed_up("ada").await;
    for _ in 0..10 {
        from(&app, "203.0.113.9", &ada.email, WRONG).await.problem(ErrorCode::CredentialsRejected);
    }
    wait(&from(&app, "203.0.113.9", &ada.email, PASSWORD).await);
    from(&app, "203.0.113.10", &ada.email, PASSWORD).await.ok();
    wait(&from(&app, "203.0.113.9", &ada.email, PASSWORD).await);
    // A signed-in person is not affected, not even on the guesser's own network.
    ada.refresh().await.ok();
    let body = json!({"current_password": PASSWORD, "new_password": "an entirely different phrase"});
    let change = ada.call("POST", "/api/me/password").json(&body).header("x-forwarded-for", "203.0.113.9");
    change.await.ok();
}

#[tokio::test]
async fn a_network_that_guesses_at_many_accounts_waits_at_all_of_them() {
    let app = TestApp::with(&[("proxies.trusted", "127.0.0.1"), ("throttle.per_network", "8")]).await;
    app.signed_up("ada").await;
    let neighbours = (0..8).map(|number| format!("2001:db8:1:2::{number:x}"));
    for (number, ip) in neighbours.enumerate() {
        let email = address_of(&format!("person{number}"));
        from(&app, &ip, &email, WRONG).await.problem(ErrorCode::CredentialsRejected);
    }
    assert_eq!(wait(&from(&app, "2001:db8:1:2:ffff::", "ada@example.org", PASSWORD).await), 2);
    from(&app, "2001:db8:1:3::1", "ada@example.org", PASSWORD).await.ok();
    app.clock.advance(2 * SECOND);
    from(&app, "2001:db8:1:2:ffff::", "ada@example.org", PASSWORD).await.ok();
    from(&app, "2001:db8:1:2::1", "person1@example.org", WRONG).await.problem(ErrorCode::CredentialsRejected);
    assert_eq!(wait(&from(&app, "2001:db8:1:2::1", "person2@example.org", WRONG).await), 4, "it goes on");
}

#[tokio::test]
async fn a_made_up_forwarding_header_buys_no_further_tries() {
    let app = TestApp::spawn().await;
    for number in 0..10 {
        let ip = format!("203.0.113.{number}");
        from(&app, &ip, "ada@example.org", WRONG).await.problem(ErrorCode::CredentialsRejected);
    }
    wait(&from(&app, "203.0.113.99", "ada@example.org", WRONG).await);
    let app = behind_a_proxy().await;
    for number in 0..10 {
        let hops = format!("203.0.113.{number}, 198.51.100.7");
        from(&app, &hops, "ada@example.org", WRONG).await.problem(ErrorCode::CredentialsRejected);
    }
    wait(&from(&app, "203.0.113.99, 198.51.100.7", "ada@example.org", WRONG).await);
}

#[tokio::test]
async fn a_stolen_access_token_does_not_help_to_guess_the_password() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    let elsewhere = ada.elsewhere().await;
    for _ in 0..5 {
        ada.change_password(WRONG, "an entirely different phrase")
            .await
            .problem(ErrorCode::CredentialsRejected);
        ada.delete_account(WRONG).await.problem(ErrorCode::CredentialsRejected);
    }
    wait(&ada.delete_account(PASSWORD).await);
    wait(&ada.change_password(PASSWORD, "an entirely different phrase").await);
    elsewhere.change_password(PASSWORD, "an entirely different phrase").await.ok();
}

/// Sends a sign-up with this email address and password.
async fn sign_up(app: &TestApp, name: &str, password: &str) -> Answer {
    let body = json!({"email": address_of(name), "password": password, "display_name": "Somebody"});
    app.post("/api/auth/signup", &body).await
}

#[tokio::test]
async fn signing_up_has_to_wait_after_the_free_tries_whatever_came_of_them() {
    const FREE: usize = 4;
    let settings = [("throttle.per_network", "5")];
    for kind in ["taken", "weak", "weak and taken", "made"] {
        let app = TestApp::with(&settings).await;
        app.signed_up("ada").await;
        for number in 0..FREE {
            let name = format!("person{number}");
            match kind {
                "taken" => sign_up(&app, "ada", PASSWORD).await.problem(ErrorCode::EmailTaken),
                "weak" => sign_up(&app, &name, GUESSABLE).await.problem(ErrorCode::ValidationFailed),
                "weak and taken" => sign_up(&app, "ada", GUESSABLE).await.problem(ErrorCode::EmailTaken),
                _ => {
                    sign_up(&app, &name, PASSWORD).await.created();
                    continue;
                }
            };
        }
        let refused = [
            sign_up(&app, "ada", PASSWORD).await,
            sign_up(&app, "ada", GUESSABLE).await,
            sign_up(&app, "nobody", GUESSABLE).await,
            sign_up(&app, "nobody", PASSWORD).await,
        ];
        assert_eq!(refused.map(|answer| wait(&answer)), [2; 4], "{kind}");
        app.clock.advance(2 * SECOND);
        app.signed_up("bob").await;
        assert_eq!(wait(&sign_up(&app, "nobody", GUESSABLE).await), 4, "{kind}");
    }
}

/// Returns the failed attempts that the servers have shared, by key, largest number first.
async fn told(app: &TestApp) -> Vec<i64> {
    let db = app.state.db.executor();
    let query = "SELECT wrong FROM wrong_tries WHERE wrong > 0 ORDER BY wrong DESC";
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), query)).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

#[tokio::test]
async fn wrong_tries_at_one_server_count_at_the_others_and_after_a_restart() {
    let app = behind_a_proxy().await;
    let ada = app.signed_up("ada").await;
    let other = app.beside(&[]).await;
    // The database's clock runs by itself: while it is behind, no wait ends before the test says so.
    app.clock.advance(10 * MINUTE);
    for number in 0..10 {
        let server = [&app, &other][number % 2];
        from(server, "203.0.113.9", &ada.email, WRONG).await.problem(ErrorCode::CredentialsRejected);
    }
    // The account's, the network's, and the sign-up.
    until("both have told what they counted", async || told(&app).await == [10, 10, 1]).await;
    for server in [&app, &other] {
        let scope = AttemptScope::for_account("203.0.113.9", &ada.email);
        until("each has learned it", async || {
            server.state.authentication.throttle.admit(scope, server.now()).is_err()
        })
        .await;
        wait(&from(server, "203.0.113.9", &ada.email, PASSWORD).await);
        from(server, "203.0.113.10", &ada.email, PASSWORD).await.ok();
    }
    other.stop().await;
    let app = app.restarted().await;
    assert_eq!(wait(&from(&app, "203.0.113.9", &ada.email, PASSWORD).await), 2);
    app.clock.advance(2 * SECOND);
    from(&app, "203.0.113.9", &ada.email, PASSWORD).await.ok();
    until("who knows the password starts anew everywhere", async || told(&app).await == [10, 1]).await;
}

#[tokio::test]
async fn a_burst_of_wrong_tries_is_forgiven_as_soon_as_one_server_alone_would_forgive_it() {
    let app = behind_a_proxy().await;
    let ada = app.signed_up("ada").await;
    let scope = AttemptScope::for_account("203.0.113.9", &ada.email);
    let attempts: Vec<_> =
        (0..60).map(|_| app.state.authentication.throttle.admit(scope, app.now()).unwrap()).collect();
    attempts.into_iter().for_each(Attempt::failed);
    // 10 attempts are free for its own account, and 16 beyond them count.
    until("it is told", async || told(&app).await == [60, 26, 1]).await;
    let other = app.beside(&[]).await;
    until("the other one has learned it", async || {
        other.state.authentication.throttle.admit(scope, other.state.authentication.monotonic_now()).is_err()
    })
    .await;
    other.clock.advance(120 * MINUTE);
    for _ in 0..2 {
        from(&other, "203.0.113.9", &ada.email, WRONG).await.problem(ErrorCode::CredentialsRejected);
    }
}

#[tokio::test]
async fn a_right_sign_in_after_no_wrong_one_is_told_to_nobody() {
    let app = behind_a_proxy().await;
    let ada = app.signed_up("ada").await;
    for _ in 0..3 {
        from(&app, "203.0.113.7", &ada.email, PASSWORD).await.ok();
    }
    from(&app, "203.0.113.8", &ada.email, WRONG).await.problem(ErrorCode::CredentialsRejected);
    // The sign-up, and the account and the network of the wrong attempt.
    until("the wrong one is told", async || told(&app).await == [1, 1, 1]).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(told(&app).await, [1, 1, 1], "and nothing of the right ones");
}

#[tokio::test]
async fn a_table_that_cannot_be_written_keeps_nobody_from_signing_in_or_counting() {
    let app = TestApp::with(&[("throttle.per_account", "3")]).await;
    let ada = app.signed_up("ada").await;
    app.run_sql("ALTER TABLE wrong_tries RENAME TO wrong_tries_away").await;
    for _ in 0..3 {
        app.log_in(&ada.email, WRONG).await.problem(ErrorCode::CredentialsRejected);
    }
    wait(&app.log_in(&ada.email, PASSWORD).await);
    app.clock.advance(2 * SECOND);
    app.log_in(&ada.email, PASSWORD).await.ok();
    app.run_sql("ALTER TABLE wrong_tries_away RENAME TO wrong_tries").await;
}

#[tokio::test]
async fn a_server_that_is_busy_counts_nothing() {
    let app = TestApp::with(&[("passwords.max_wait", "1ns")]).await;
    for _ in 0..20 {
        app.log_in("ada@example.org", WRONG).await.problem(ErrorCode::Overloaded);
    }
}
