//! Denial of service: slow heads and bodies, idle connections, endless heads, and sessions without limit.

use super::raw_connection::{RawConnection, answered, statuses};
use crate::support::*;
use latchkey::{authentication, sessions};

/// Starts a server with short timeouts.
async fn impatient() -> TestApp {
    TestApp::with(&[("connections.patience", "400ms")]).await
}

async fn still_serves(app: &TestApp) {
    app.get("/api/health/ready").await.ok();
}

const LIVE: &str = "GET /api/health/live HTTP/1.1\r\nhost: x\r\n\r\n";

#[tokio::test]
async fn a_head_that_comes_letter_by_letter_is_cut_off() {
    let app = impatient().await;
    let mut connection = RawConnection::to(&app).await;
    connection.send("GET /api/health/live HTTP/1.1\r\nx-slow: ").await;
    until("cut off", async || !connection.send("a").await).await;
    still_serves(&app).await;
}

#[tokio::test]
async fn a_body_that_comes_letter_by_letter_is_refused() {
    let app = impatient().await;
    let mut connection = RawConnection::to(&app).await;
    let head = "POST /api/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 16000\r\n\r\n{";
    connection.send(head).await;
    let answer = loop {
        connection.send(" ").await;
        if let Ok(answer) = tokio::time::timeout(Duration::from_millis(10), connection.some()).await {
            break answer;
        }
    };
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("in time"), "{answer}");
    still_serves(&app).await;
}

/// Returns the head of a request with a body of `length` bytes.
fn head(call: &str, more: &str, length: usize) -> String {
    format!(
        "{call} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n{more}content-length: {length}\r\n\r\n"
    )
}

#[tokio::test]
async fn a_caller_that_nobody_knows_is_refused_before_its_body_has_come() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    ada.log_out().await.no_content();
    let ended = format!("authorization: Bearer {}\r\n", ada.access_token());
    for call in ["PATCH /api/me", "POST /api/me/password", "DELETE /api/me"] {
        for more in ["", "authorization: Bearer nonsense\r\n", &ended] {
            let mut connection = RawConnection::to(&app).await;
            connection.send(head(call, more, 16_000) + "{").await;
            let answer = connection.some().await;
            assert_eq!(statuses(&answer), [401], "{call} {more}: {answer}");
        }
    }
}

#[tokio::test]
async fn bodies_that_are_half_sent_take_bounded_room_and_small_ones_are_read_meanwhile() {
    const MANY: usize = 300;
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    let large = json!({"email": ada.email, "password": PASSWORD, "token_delivery": "body"}).to_string();
    let large = format!("{large}{}", " ".repeat(16_000 - large.len()));
    let mut held = Vec::new();
    for call in
        ["POST /api/auth/login", "POST /api/auth/signup", "POST /api/auth/refresh"].iter().cycle().take(MANY)
    {
        let mut connection = RawConnection::to(&app).await;
        connection.send(head(call, "", 16_000) + &" ".repeat(4_000)).await;
        held.push(connection);
    }
    let login = || app.call("POST", "/api/auth/login").raw_json(large.clone());
    until("a large body finds no room", async || login().await.status == 413).await;
    let refused = login().await;
    refused.problem(ErrorCode::PayloadTooLarge);
    assert!(refused.header("retry-after").is_some());
    app.log_in(&ada.email, PASSWORD).await.ok();
    ada.refresh().await.ok();
    drop(held);
    until("there is room again", async || login().await.status == 200).await;
}

#[tokio::test]
async fn a_connection_that_asks_for_nothing_is_closed() {
    let app = impatient().await;
    assert_eq!(RawConnection::to(&app).await.rest().await, "");
    let mut kept = RawConnection::to(&app).await;
    for _ in 0..3 {
        kept.send(LIVE).await;
        assert_eq!(statuses(&kept.some().await), [200]);
    }
    assert_eq!(kept.rest().await, "");
}

#[tokio::test]
async fn more_connections_than_there_is_room_for_wait_and_are_served_in_the_end() {
    let app = TestApp::with(&[("connections.patience", "400ms"), ("connections.max", "2")]).await;
    let (mut first, mut second) = (RawConnection::to(&app).await, RawConnection::to(&app).await);
    for connection in [&mut first, &mut second] {
        connection.send(LIVE).await;
        assert_eq!(statuses(&connection.some().await), [200]);
    }
    let mut third = RawConnection::to(&app).await;
    third.send(LIVE).await;
    let at_once = tokio::time::timeout(Duration::from_millis(50), third.some()).await;
    let answer = match at_once {
        // On a slow machine the others may already be closed.
        Ok(answer) => answer,
        Err(_) => third.some().await,
    };
    assert_eq!(statuses(&answer), [200]);
    assert_eq!((first.rest().await, second.rest().await), (String::new(), String::new()));
}

#[tokio::test]
async fn a_client_that_never_reads_its_answer_is_cut_off() {
    let app = TestApp::with(&[("connections.patience", "400ms"), ("connections.max", "1")]).await;
    let ask = "GET /api/openapi.json HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut deaf = RawConnection::narrow(&app).await;
    // Far more responses than the system buffers for one connection.
    deaf.send(ask.repeat(2000)).await;
    let mut next = RawConnection::to(&app).await;
    next.send(LIVE).await;
    assert_eq!(statuses(&next.some().await), [200]);
    until("cut off", async || !deaf.send(ask).await).await;
}

#[tokio::test]
async fn a_head_without_end_is_refused() {
    let app = TestApp::spawn().await;
    let long = format!("GET /api/health/live HTTP/1.1\r\nx-long: {}\r\n\r\n", "a".repeat(100_000));
    let many = format!("GET /api/health/live HTTP/1.1\r\n{}\r\n", "x-more: 1\r\n".repeat(1000));
    for head in [long, many] {
        let mut connection = RawConnection::to(&app).await;
        // The server may close the connection before it has read everything.
        connection.send(head).await;
        let answer = tokio::time::timeout(30 * SECOND, connection.some()).await.unwrap();
        assert_eq!(statuses(&answer), [431], "{answer}");
    }
    let address = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(100_000));
    assert!(matches!(statuses(&answered(&app, address).await)[..], [414 | 431]));
    still_serves(&app).await;
}

/// The statements that end, list and refresh sessions must not grow with their number more than necessary.
#[tokio::test]
async fn ten_thousand_sessions_of_one_account_can_be_listed_and_ended_at_once() {
    const MANY: usize = 10_000;
    let app = TestApp::with(&[("sessions.per_account", "20000")]).await;
    let ada = app.signed_up("ada").await;
    let (email, password) = (ada.email.parse().unwrap(), PASSWORD.into());
    let authenticated =
        authentication::log_in(&app.state.authentication, &email, password, "192.0.2.1").await.unwrap();
    let transaction = app.state.db.begin().await.unwrap();
    for _ in 0..MANY {
        let client_info = sessions::ClientInfo { user_agent: "flood".to_owned(), ip: "192.0.2.1".to_owned() };
        let begun = sessions::start_for_new_account(
            transaction.executor(),
            &app.state.sessions,
            &authenticated,
            latchkey_shared::TokenDelivery::Cookie,
            None,
            client_info,
            app.now(),
        );
        begun.await.unwrap();
    }
    transaction.commit().await.unwrap();
    assert_eq!(ada.sessions().await.len(), MANY + 1);
    ada.refresh().await.ok();
    let last = ada.elsewhere().await;
    ada.end_others().await.no_content();
    last.is_signed_out(EndReason::SignedOutElsewhere).await;
    ada.refresh().await.ok();
    let living = ada.sessions().await.into_iter().filter(|session| session.get("ended_at").is_none());
    assert_eq!(living.count(), 1);
}
