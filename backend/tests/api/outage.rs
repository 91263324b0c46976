//! Database outages: the database becomes unreachable and returns, without a restart of the server. The network between
//! them is real, and so is the time.

use crate::support::*;
use futures::future::join_all;
use std::time::Instant;
use tokio::task::JoinHandle;

const MILLISECOND: Duration = Duration::from_millis(1);

/// Starts a server that reaches PostgreSQL through a proxy. A file cannot become unreachable like that.
async fn behind_a_proxy() -> (TestApp, DatabaseProxy) {
    let proxy = DatabaseProxy::before(&postgres_address()).await;
    (TestApp::with_database_through(&proxy).await, proxy)
}

async fn becomes_ready(app: &TestApp) {
    until("ready again", async || app.get("/api/health/ready").await.status == 200).await;
}

/// Asserts that everything that needs the database fails cleanly and soon, and that the rest still works.
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

/// A request that arrives while others wait has its own deadline, and does not wait for theirs first.
#[tokio::test]
#[ignore = "needs PostgreSQL: `cargo xtask test` starts one and runs it"]
async fn in_a_crowd_that_waits_for_a_frozen_database_nobody_waits_twice_as_long_as_one_alone() {
    let (app, proxy) = behind_a_proxy().await;
    let ada = app.signed_up("ada").await;
    proxy.block();
    let start = Instant::now();
    ada.get("/api/me").await.problem(ErrorCode::Internal);
    let alone = start.elapsed();
    let crowd = join_all((0..60).map(|number| {
        let (app, ada) = (&app, &ada);
        async move {
            tokio::time::sleep(200 * MILLISECOND * number).await;
            let came = Instant::now();
            let answer = match number % 3 {
                0 => ada.get("/api/me").await,
                1 => ada.refresh().await,
                _ => app.log_in(&format!("person{number}@example.org"), PASSWORD).await,
            };
            answer.problem(ErrorCode::Internal);
            came.elapsed()
        }
    }));
    for waited in crowd.await {
        assert!(waited < alone * 3 / 2, "{waited:?} in a crowd, {alone:?} alone");
    }
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
    ada.at(&here).call("POST", "/api/me/password").json(&change).await.ok();
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
        until("the end is learnt", async || person.verify().await.status != 200).await;
        let answer = person.verify().await;
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

/// A statement is in progress on a connection when the other end goes silent: the system would wait for a quarter of an
/// hour. New connections to the database work again long before.
#[tokio::test]
#[ignore = "needs PostgreSQL: `cargo xtask test` starts one and runs it"]
async fn statements_that_are_never_answered_hold_up_nobody_that_comes_after() {
    let (app, proxy) = behind_a_proxy().await;
    let (ada, bob) = (app.signed_up("ada").await, app.signed_up("bob").await);
    for _ in 0..2 {
        // All connections are in use, most of them in the middle of a statement.
        let busy: Vec<_> = (0..48).map(|number| tokio::spawn(keep_busy(ada.at(&app), number))).collect();
        tokio::time::sleep(200 * MILLISECOND).await;
        proxy.abandon();
        until("served again", async || bob.refresh().await.status == 200).await;
        busy.iter().for_each(JoinHandle::abort);
        becomes_ready(&app).await;
        bob.verify().await.ok();
    }
    let here = app.beside_the_proxy().await;
    bob.at(&here).log_out().await.no_content();
    until("the end is learnt", async || bob.verify().await.status != 200).await;
}

/// A client that disconnects while a transaction begins for it must not leave that transaction to the next user of the
/// connection: writes in it would be confirmed, but never committed.
#[tokio::test]
#[ignore = "needs PostgreSQL: `cargo xtask test` starts one and runs it"]
async fn a_transaction_whose_client_went_away_takes_nobody_elses_writes_along() {
    let (app, proxy) = behind_a_proxy().await;
    let (ada, bob) = (app.signed_up("ada").await, app.signed_up("bob").await);
    // There are several connections, and they have just been used.
    join_all((0..8).map(|_| ada.get("/api/me"))).await;
    proxy.block();
    // A change of the profile is a transaction.
    let leaving: Vec<_> = (0..8).map(|_| tokio::spawn(keep_busy(ada.at(&app), PROFILE))).collect();
    tokio::time::sleep(200 * MILLISECOND).await;
    leaving.iter().for_each(JoinHandle::abort);
    tokio::time::sleep(200 * MILLISECOND).await;
    proxy.unblock();
    for _ in 0..16 {
        bob.refresh().await.ok();
    }
    bob.at(&app.beside_the_proxy().await).refresh().await.ok();
}

/// Number for which [`keep_busy`] changes the profile.
const PROFILE: usize = 2;

/// Sends requests that need the database again and again, of every kind, and ignores the results.
async fn keep_busy(person: Person, number: usize) {
    let wrong = json!({"email": person.email, "password": "an invented phrase"});
    loop {
        match number % 4 {
            0 => person.app.post("/api/auth/login", &wrong).attempt().await,
            1 => person.call("GET", "/api/me/sessions").attempt().await,
            PROFILE => person.call("PATCH", "/api/me").json(&json!({"display_name": "Ada"})).attempt().await,
            _ => {
                person
                    .app
                    .post("/api/auth/refresh", &json!({}))
                    .cookie(&person.refresh_token())
                    .attempt()
                    .await
            }
        };
    }
}
