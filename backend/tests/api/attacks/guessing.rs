//! Guessing passwords and addresses.

use crate::support::*;

const WRONG: &str = "a wrong but strong phrase";

/// A login that comes through the configured proxy from this address.
async fn from(app: &TestApp, ip: &str, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password});
    app.post("/api/auth/login", &body).header("x-forwarded-for", ip).await
}

async fn behind_a_proxy() -> TestApp {
    TestApp::with(&[("proxies.trusted", "127.0.0.1")]).await
}

/// How long the next try has to wait, in seconds.
#[track_caller]
fn wait(answer: &Answer) -> u64 {
    answer.problem(ErrorCode::TooManyRequests);
    answer.header("retry-after").unwrap().parse().unwrap()
}

/// What `tries` wrong passwords are answered when each waits as long as it is told to.
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
    // Whoever is signed in stays so, also on the guesser's own network.
    ada.refresh().await.ok();
    let body = json!({"current_password": PASSWORD, "new_password": "an entirely different phrase"});
    let change = ada.call("POST", "/api/me/password").json(&body).header("x-forwarded-for", "203.0.113.9");
    change.await.no_content();
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
    elsewhere.change_password(PASSWORD, "an entirely different phrase").await.no_content();
}

#[tokio::test]
async fn asking_for_many_addresses_by_signing_up_has_to_wait() {
    let app = TestApp::with(&[("throttle.per_network", "4")]).await;
    app.signed_up("ada").await;
    let body = json!({"email": "ada@example.org", "password": PASSWORD, "display_name": "Ada"});
    for _ in 0..4 {
        app.post("/api/auth/signup", &body).await.problem(ErrorCode::EmailTaken);
    }
    wait(&app.post("/api/auth/signup", &body).await);
    app.clock.advance(2 * SECOND);
    app.signed_up("bob").await;
}

#[tokio::test]
async fn a_server_that_is_busy_counts_nothing() {
    let app = TestApp::with(&[("passwords.max_wait", "1ns")]).await;
    for _ in 0..20 {
        app.log_in("ada@example.org", WRONG).await.problem(ErrorCode::Overloaded);
    }
}
