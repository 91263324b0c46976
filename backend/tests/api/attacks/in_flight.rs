//! Requests in flight when their session ends: the token was checked, and the rest of the body arrives afterwards.

use super::raw_connection::RawConnection;
use crate::support::*;

const NEW: &str = "an entirely different phrase";

/// Returns every request with a body that changes the account on behalf of a session.
fn calls() -> [(&'static str, &'static str, Value); 3] {
    [
        ("PATCH", "/api/me", json!({"display_name": "Mallory"})),
        ("POST", "/api/me/password", json!({"current_password": PASSWORD, "new_password": NEW})),
        ("DELETE", "/api/me", json!({"password": PASSWORD})),
    ]
}

/// A request whose token has been checked, and half of whose body has arrived.
struct PartialCall {
    connection: RawConnection,
    rest: String,
}

impl PartialCall {
    async fn sent(person: &Person, (method, path, body): &(&str, &str, Value)) -> Self {
        let body = body.to_string();
        let mut connection = RawConnection::to(&person.app).await;
        let (token, size) = (person.access_token(), body.len());
        // The server asks for the body once it has checked the token.
        connection.send(format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nexpect: 100-continue\r\n\
             content-type: application/json\r\ncontent-length: {size}\r\nconnection: close\r\n\r\n"
        ))
        .await;
        let asked = connection.some().await;
        assert!(asked.starts_with("HTTP/1.1 100 "), "{asked}");
        let (half, rest) = body.split_at(size / 2);
        connection.send(half).await;
        Self { connection, rest: rest.to_owned() }
    }

    async fn must_be_refused(mut self, reason: EndReason) {
        self.connection.send(&self.rest).await;
        let answer = self.connection.rest().await;
        let told = format!("\"end_reason\":\"{reason}\"");
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
        assert!(answer.contains("\"code\":\"session_ended\"") && answer.contains(&told), "{answer}");
    }
}

#[tokio::test]
async fn a_call_whose_body_arrives_after_its_session_was_ended_changes_nothing() {
    let app = TestApp::spawn().await;
    let owner = app.signed_up("ada").await;
    let there = app.beside(&[]).await;
    for call in &calls() {
        for server in [&app, &there] {
            let borrowed = owner.elsewhere().await;
            let half = PartialCall::sent(&borrowed.at(server), call).await;
            owner.end(&borrowed.session_id()).await.no_content();
            let before = app.everything().await;
            half.must_be_refused(EndReason::SignedOutElsewhere).await;
            assert_eq!(app.everything().await, before, "{call:?}");
        }
    }
    owner.refresh().await.ok();
    app.log_in(&owner.email, PASSWORD).await.ok();
}

#[tokio::test]
async fn a_call_whose_body_arrives_after_a_new_password_changes_nothing() {
    let app = TestApp::spawn().await;
    for (index, call) in calls().iter().enumerate() {
        let owner = app.signed_up(&format!("ada{index}")).await;
        let borrowed = owner.elsewhere().await;
        let half = PartialCall::sent(&borrowed, call).await;
        owner.store_tokens(&owner.change_password(PASSWORD, "the owner's new phrase").await);
        let before = app.everything().await;
        half.must_be_refused(EndReason::PasswordChanged).await;
        assert_eq!(app.everything().await, before, "{call:?}");
        owner.refresh().await.ok();
    }
}

#[tokio::test]
async fn a_call_whose_body_arrives_after_its_time_ran_out_changes_nothing() {
    let app = TestApp::spawn().await;
    for (index, call) in calls().iter().enumerate() {
        let owner = app.signed_up(&format!("ada{index}")).await;
        let half = PartialCall::sent(&owner, call).await;
        app.clock.advance(14 * DAY);
        let before = app.everything().await;
        half.must_be_refused(EndReason::Expired).await;
        assert_eq!(app.everything().await, before, "{call:?}");
    }
}

/// The database has the revocation, and no server has been notified.
#[tokio::test]
async fn a_server_that_has_not_heard_of_an_end_changes_nothing_either() {
    let app = TestApp::spawn().await;
    let owner = app.signed_up("ada").await;
    let other = owner.elsewhere().await;
    app.run_sql("UPDATE sessions SET ended_at = 1, end_reason = 'admin'").await;
    let before = app.everything().await;
    owner.get("/api/auth/verify").await.ok();
    let mut answers = Vec::new();
    for (method, path, body) in &calls() {
        answers.push(owner.call(method, path).json(body).await);
    }
    answers.push(owner.end_others().await);
    answers.push(owner.end(&other.session_id()).await);
    answers.push(owner.end(&owner.session_id()).await);
    for answer in answers {
        assert_eq!(answer.problem(ErrorCode::SessionEnded).end_reason, Some(EndReason::Admin), "{answer}");
    }
    assert_eq!(app.everything().await, before);
}

/// A request that is kept open cannot be used to find out the password after the end either.
#[tokio::test]
async fn an_ended_session_is_not_told_whether_a_password_is_right() {
    let app = TestApp::spawn().await;
    let owner = app.signed_up("ada").await;
    for password in [PASSWORD, "not the password at all"] {
        for (method, path, body) in [
            ("POST", "/api/me/password", json!({"current_password": password, "new_password": NEW})),
            ("DELETE", "/api/me", json!({"password": password})),
        ] {
            let borrowed = owner.elsewhere().await;
            let half = PartialCall::sent(&borrowed, &(method, path, body)).await;
            owner.end(&borrowed.session_id()).await.no_content();
            half.must_be_refused(EndReason::SignedOutElsewhere).await;
        }
    }
}

/// An end and a change at the same time, on two servers: one of them comes first, and the other sees it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_change_that_is_answered_well_came_before_the_end() {
    let app = TestApp::spawn().await;
    let owner = app.signed_up("ada").await;
    let there = app.beside(&[]).await;
    for round in 0..8 {
        let borrowed = owner.elsewhere().await;
        let name = json!({"display_name": format!("Ada {round}")});
        let change = borrowed.at(&there).call("PATCH", "/api/me").json(&name).into_future();
        let end = owner.call("DELETE", &format!("/api/me/sessions/{}", borrowed.session_id())).into_future();
        let (change, end) = tokio::join!(tokio::spawn(change), tokio::spawn(end));
        end.unwrap().no_content();
        let changed = owner.me().await["display_name"] == name["display_name"];
        match change.unwrap() {
            answer if answer.status == 200 => assert!(changed, "{answer}"),
            answer => {
                answer.problem(ErrorCode::SessionEnded);
                assert!(!changed);
            }
        }
    }
}
