//! Shutdown: the program finishes the requests it has accepted, and does not wait for idle connections.

use crate::postgres::Cluster;
use crate::server::*;
use nix::sys::signal::Signal;
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

#[tokio::test]
async fn a_call_that_was_accepted_is_answered_before_the_end() {
    let folder = folder();
    let mut server = Server::start(folder.path(), &[]);
    let body = json!({"email": "ada@example.org", "password": PASSWORD, "display_name": "Ada"}).to_string();
    let mut connection = server.accepting(body.len()).await;
    server.send(Signal::SIGTERM);
    wait_for("the log", || server.log().contains("Stopping").then_some(()));
    connection.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 Created\r\n"), "{answer}");
    assert_eq!(server.ends().code(), Some(0));
}

#[tokio::test]
async fn a_client_that_never_finishes_its_call_does_not_keep_the_server_from_stopping() {
    let folder = folder();
    let mut server = Server::start(folder.path(), &[]);
    let _connection = server.accepting(100).await;
    server.send(Signal::SIGTERM);
    assert_eq!(server.ends().code(), Some(0));
    assert!(server.log().contains("Some clients do not finish"), "{}", server.log());
}

/// Neither the client nor the database finishes; container runtimes kill after ten seconds.
#[tokio::test]
#[ignore = "needs PostgreSQL's programs: `cargo xtask test` finds them and runs it"]
async fn a_database_that_does_not_answer_keeps_the_server_no_longer_than_clients_do() {
    let (cluster, folder) = (Cluster::start(), folder());
    let mut server = Server::start(folder.path(), &[("LATCHKEY_DATABASE__URL", &cluster.url())]);
    let signed_in = server.signed_in().await;
    let (_, refreshed) = server.refresh(&signed_in).await;
    let _connection = server.accepting(100).await;
    let _frozen = cluster.freeze().await;
    let verify = http_client().get(server.url("/api/auth/verify"));
    let token = refreshed["access_token"].as_str().unwrap();
    assert_eq!(verify.bearer_auth(token).send().await.unwrap().status().as_u16(), 200);
    let start = Instant::now();
    server.send(Signal::SIGTERM);
    server.ends();
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}: {}", start.elapsed(), server.log());
    assert!(server.log().contains("The database does not answer; stopping without"), "{}", server.log());
}

/// Returns `true` if the log reports requests that did not finish.
fn has_left_somebody(server: &Server) -> bool {
    server.log().contains("Some clients do not finish")
}

#[tokio::test]
async fn connections_that_ask_for_nothing_are_closed_at_once() {
    let folder = folder();
    let mut server = Server::start(folder.path(), &[]);
    // A browser opens connections before it needs them, and keeps them open afterwards.
    let mut unused = TcpStream::connect(&server.address).await.unwrap();
    let mut kept = TcpStream::connect(&server.address).await.unwrap();
    kept.write_all(b"GET /api/health/live HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"{\"status\":\"ok\"}") {
        assert_ne!(kept.read_buf(&mut answer).await.unwrap(), 0, "closed after its first call");
    }
    server.send(Signal::SIGTERM);
    for connection in [&mut unused, &mut kept] {
        assert_eq!(connection.read(&mut [0; 1]).await.unwrap(), 0, "it is closed, and nothing is said");
    }
    assert_eq!(server.ends().code(), Some(0));
    assert!(!has_left_somebody(&server), "{}", server.log());
}

#[tokio::test]
async fn every_password_that_was_accepted_is_hashed_before_the_end() {
    let folder = folder();
    let mut server = Server::start(folder.path(), &[("LATCHKEY_PASSWORDS__THREADS", "1")]);
    let sign_up = |number: usize| {
        json!({"email": format!("person{number}@example.org"), "password": PASSWORD, "display_name": "Person"})
            .to_string()
    };
    let mut accepted = Vec::new();
    for number in 0..12 {
        accepted.push(server.accepting(sign_up(number).len()).await);
    }
    server.send(Signal::SIGTERM);
    wait_for("the log", || server.log().contains("Stopping").then_some(()));
    // From here on all of them wait for one thread.
    for (number, connection) in accepted.iter_mut().enumerate() {
        connection.write_all(sign_up(number).as_bytes()).await.unwrap();
    }
    for connection in &mut accepted {
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 201 Created\r\n"), "{answer}");
    }
    assert_eq!(server.ends().code(), Some(0));
    assert!(!has_left_somebody(&server), "{}", server.log());
}
