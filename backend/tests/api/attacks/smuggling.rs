//! Request smuggling, and paths that could be mistaken for others.

use super::raw_connection::{answered, statuses};
use crate::support::*;

/// Request that a smuggler hides behind the first one.
const HIDDEN: &str = "GET /api/health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

const POST: &str = "POST /api/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";

#[tokio::test]
async fn a_request_whose_length_is_told_in_two_ways_hides_no_second_one() {
    let app = TestApp::spawn().await;
    let hidden = HIDDEN.len();
    for lengths in [
        format!("content-length: 2\r\ncontent-length: {}\r\n", hidden + 2),
        format!("content-length: 2, {}\r\n", hidden + 2),
        "content-length: +2\r\n".to_owned(),
        "content-length: -2\r\n".to_owned(),
        "content-length: 0x2\r\n".to_owned(),
        "content-length: 2 2\r\n".to_owned(),
        "content-length : 2\r\n".to_owned(),
        "content-length: 18446744073709551618\r\n".to_owned(),
        "transfer-encoding: xchunked\r\n".to_owned(),
        "transfer-encoding: chunked, identity\r\n".to_owned(),
        "transfer-encoding:\r\n chunked\r\n".to_owned(),
        "transfer-encoding: \x0bchunked\r\n".to_owned(),
    ] {
        let answers = answered(&app, format!("{POST}{lengths}\r\n{{}}{HIDDEN}")).await;
        assert!(matches!(statuses(&answers)[..], [] | [400]), "{lengths:?}: {answers}");
    }
}

/// RFC 9112 §6.1: the connection ends after such a request, so that nothing parses what follows.
#[tokio::test]
async fn a_request_with_a_length_and_in_chunks_is_the_last_on_its_connection() {
    let app = TestApp::spawn().await;
    for order in [
        "content-length: 5\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 5\r\n",
    ] {
        let answers = answered(&app, format!("{POST}{order}\r\n0\r\n\r\n{HIDDEN}")).await;
        assert!(statuses(&answers).len() <= 1 && !answers.contains("200 OK"), "{answers}");
    }
}

#[tokio::test]
async fn chunks_that_lie_about_their_size_are_refused() {
    let app = TestApp::spawn().await;
    for chunks in [
        "FFFFFFFFFFFFFFFFF\r\n{}\r\n0\r\n\r\n",
        "-1\r\n{}\r\n0\r\n\r\n",
        "2\r\n{}x\r\n0\r\n\r\n",
        "z\r\n{}\r\n",
    ] {
        let answers =
            answered(&app, format!("{POST}transfer-encoding: chunked\r\n\r\n{chunks}{HIDDEN}")).await;
        assert!(matches!(statuses(&answers)[..], [] | [400]), "{chunks:?}: {answers}");
    }
}

#[tokio::test]
async fn what_is_not_http_is_refused() {
    let app = TestApp::spawn().await;
    for bytes in [
        "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\r\n\r\n",
        "GET /api/health/live\r\n\r\n",
        "GET /api/health/live HTTP/9.9\r\n\r\n",
        "G\0T /api/health/live HTTP/1.1\r\n\r\n",
        "GET /api/health/live HTTP/1.1\r\nhost: x\r\nbad header: 1\r\n\r\n",
        "GET /api/health/live HTTP/1.1\r\nhost: x\r\nx: a\0b\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let answers = answered(&app, bytes).await;
        assert!(matches!(statuses(&answers)[..], [] | [400] | [505]), "{bytes:?}: {answers}");
    }
    app.get("/api/health/live").await.ok();
}

/// A proxy that guards one path must not be bypassed with another spelling.
#[tokio::test]
async fn a_path_has_one_spelling() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    for path in [
        "/api//me",
        "//api/me",
        "/api/./me",
        "/api/x/../me",
        "/api/me/",
        "/API/ME",
        "/api/%6de",
        "/api/me%00",
        "/api/me;a=b",
        "/api%2fme",
        "/api/me%2f",
        "/api/me%20",
        "/api\\me",
        "/api/..%2fapi/me",
        "/api/me.json",
    ] {
        let token = ada.access_token();
        let head = format!(
            "GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
        );
        let answers = answered(&app, head).await;
        assert!(matches!(statuses(&answers)[..], [404] | [400]), "{path}: {answers}");
    }
    let head = "GET http://evil.test/api/me HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    assert_eq!(statuses(&answered(&app, head).await), [401], "whoever it says it is for, a token is needed");
}
