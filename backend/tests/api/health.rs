//! `GET /api/health/live` and `GET /api/health/ready`

use crate::support::*;

#[tokio::test]
async fn a_server_with_a_database_lives_and_is_ready() {
    let app = TestApp::spawn().await;
    assert_eq!(app.get("/api/health/live").await.ok(), json!({"status": "ok"}));
    assert_eq!(app.get("/api/health/ready").await.ok(), json!({"status": "ok"}));
}

#[tokio::test]
async fn a_server_without_its_database_lives_and_is_not_ready() {
    let app = TestApp::spawn().await;
    app.get("/api/health/ready").await.ok();
    app.state.db.close().await.unwrap();
    assert_eq!(app.get("/api/health/live").await.ok(), json!({"status": "ok"}));
    let answer = app.get("/api/health/ready").await;
    assert_eq!((answer.status, answer.json()), (503, json!({"status": "unavailable"})));
}
