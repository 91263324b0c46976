//! A database that goes away and comes back, without a restart of the server. The network between them is real, so is
//! the time.

use crate::support::*;
use std::time::Instant;

/// A server whose way to PostgreSQL leads through a proxy. A file does not go away like that.
async fn behind_a_proxy() -> (TestApp, Proxy) {
    let proxy = Proxy::before(&postgres_address()).await;
    (TestApp::with_database_through(&proxy).await, proxy)
}

async fn becomes_ready(app: &TestApp) {
    let start = Instant::now();
    while app.get("/api/health/ready").await.status != 200 {
        assert!(start.elapsed() < 20 * SECOND, "it never comes back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Everything that needs the database fails cleanly and soon; what does not need it goes on.
async fn is_out(app: &TestApp, ada: &Person) {
    let start = Instant::now();
    let (ready, me, refreshed, signed_in, live, verified) = tokio::join!(
        app.get("/api/health/ready").into_future(),
        ada.get("/api/me"),
        ada.refresh(),
        app.log_in(&ada.email, PASSWORD),
        app.get("/api/health/live").into_future(),
        ada.verify(),
    );
    assert!(start.elapsed() < 10 * SECOND, "{:?}", start.elapsed());
    assert_eq!((ready.status, ready.json()), (503, json!({"status": "unavailable"})));
    for answer in [me, refreshed, signed_in] {
        answer.problem(ErrorCode::Internal);
        assert_eq!(answer.set_cookie(), None);
    }
    live.ok();
    verified.ok();
}

async fn is_back(app: &TestApp, ada: &Person) {
    becomes_ready(app).await;
    ada.refresh().await.ok();
    ada.verify().await.ok();
    ada.me().await;
    ada.elsewhere().await.log_out().await.no_content();
    app.signed_up(&format!("bob{}", ada.claims()["gen"])).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: `cargo xtask test` starts one and runs it"]
async fn a_database_that_is_cut_off_and_comes_back_needs_no_restart() {
    let (app, mut proxy) = behind_a_proxy().await;
    let ada = app.signed_up("ada").await;
    ada.verify().await.ok();
    proxy.cut().await;
    is_out(&app, &ada).await;
    proxy.restore().await;
    is_back(&app, &ada).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: `cargo xtask test` starts one and runs it"]
async fn a_database_that_does_not_answer_and_then_does_needs_no_restart() {
    let (app, proxy) = behind_a_proxy().await;
    let ada = app.signed_up("ada").await;
    ada.verify().await.ok();
    proxy.block();
    is_out(&app, &ada).await;
    proxy.unblock();
    is_back(&app, &ada).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: `cargo xtask test` starts one and runs it"]
async fn what_ends_while_a_server_is_cut_off_is_refused_there_once_it_is_back() {
    let (away, mut proxy) = behind_a_proxy().await;
    let here = away.beside_the_proxy().await;
    let ada = away.signed_up("ada").await;
    let (listed, lost) = (ada.elsewhere().await, ada.elsewhere().await);
    let bob = away.signed_up("bob").await;
    for person in [&ada, &listed, &lost, &bob] {
        person.verify().await.ok();
        person.at(&here).verify().await.ok();
    }
    proxy.cut().await;
    listed.at(&here).log_out().await.no_content();
    let change = json!({"current_password": PASSWORD, "new_password": "another correct horse"});
    ada.at(&here).call("POST", "/api/me/password").json(&change).await.no_content();
    bob.at(&here).call("DELETE", "/api/me").json(&json!({"password": PASSWORD})).await.no_content();
    tokio::time::sleep(10 * SECOND).await;
    proxy.restore().await;
    becomes_ready(&away).await;
    let ends = [
        (&listed, EndReason::SignedOut),
        (&lost, EndReason::PasswordChanged),
        (&bob, EndReason::AccountDeleted),
    ];
    for (person, reason) in ends {
        let start = Instant::now();
        let answer = loop {
            let answer = person.verify().await;
            if answer.status != 200 || start.elapsed() > 20 * SECOND {
                break answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        assert_eq!(answer.problem(ErrorCode::SessionEnded).end_reason, Some(reason));
    }
    ada.verify().await.ok();
    let restarted = away.restarted().await;
    for (person, reason) in ends {
        let answer = person.at(&restarted).verify().await;
        assert_eq!(answer.problem(ErrorCode::SessionEnded).end_reason, Some(reason));
    }
    ada.at(&restarted).verify().await.ok();
}
