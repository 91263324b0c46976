//! Accounts with very many sessions: the limit of live sessions, and ending large numbers of them.

use crate::support::*;
use sea_orm::ConnectionTrait as _;
use tokio::task::JoinSet;

const NEW: &str = "an entirely different phrase";
/// Number of sessions, more than a statement may touch.
const CROWD: usize = 10_000;
/// Maximum number of sessions that a statement may touch in these tests.
const BOUND: usize = 2_000;

fn unended() -> &'static str {
    "sessions WHERE ended_at IS NULL"
}

#[tokio::test]
async fn one_session_more_than_may_live_ends_the_one_that_was_used_least_lately() {
    let app = TestApp::with(&[("sessions.per_account", "3")]).await;
    let (other, bob) = (app.beside(&[]).await, app.signed_up("bob").await);
    let mut persons = vec![app.signed_up("ada").await];
    for _ in 0..2 {
        app.clock.advance(SECOND);
        persons.push(persons[0].elsewhere().await);
    }
    app.clock.advance(SECOND);
    persons[0].refresh().await.ok();
    app.clock.advance(SECOND);
    let fourth = persons[0].elsewhere().await;
    persons[1].is_signed_out(EndReason::TooManySessions).await;
    let there = persons[1].at(&other);
    there.refresh().await.problem(ErrorCode::SessionEnded);
    until("the other server knows", async || there.verify().await.status == 401).await;
    there.is_signed_out(EndReason::TooManySessions).await;
    for lives in [&persons[0], &persons[2], &fourth, &bob] {
        lives.verify().await.ok();
        lives.refresh().await.ok();
    }
    assert_eq!(fourth.listed(&persons[1].session_id()).await["end_reason"], "too_many_sessions");
}

#[tokio::test]
async fn those_that_have_ended_or_run_out_of_time_take_nobodys_place() {
    let app = TestApp::with(&[("sessions.per_account", "3")]).await;
    let ada = app.signed_up("ada").await;
    for _ in 0..5 {
        ada.elsewhere_with(json!({"remember": false})).await.log_out().await.no_content();
    }
    for _ in 0..2 {
        ada.elsewhere_with(json!({"remember": false})).await;
    }
    app.clock.advance(DAY);
    for _ in 0..2 {
        ada.elsewhere().await;
    }
    ada.refresh().await.ok();
    let over =
        ada.sessions().await.into_iter().filter(|session| session["end_reason"] == "too_many_sessions");
    assert_eq!(over.count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_sign_ins_at_once_on_two_servers_no_more_live_than_may() {
    let app = TestApp::with(&[("sessions.per_account", "4")]).await;
    let ada = app.signed_up("ada").await;
    let other = app.beside(&[]).await;
    for _ in 0..2 {
        app.clock.advance(SECOND);
        let call = |index: usize| {
            let server = if index.is_multiple_of(2) { &app } else { &other };
            server.post("/api/auth/login", &json!({"email": ada.email, "password": PASSWORD})).into_future()
        };
        let answers: JoinSet<Answer> = (0..16).map(call).collect();
        for answer in answers.join_all().await {
            answer.ok();
        }
        assert_eq!(app.count(unended()).await, 4);
    }
}

/// Each sign-in looks for surplus sessions before any has been ended: the first one ends sessions that the others have
/// just begun.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs PostgreSQL: `cargo xtask test` starts one and runs it"]
async fn of_many_sign_ins_that_end_one_another_no_fewer_live_than_may() {
    let app = TestApp::with(&[("sessions.per_account", "2")]).await;
    let ada = app.signed_up("ada").await;
    // Sessions can begin, but none can be ended.
    let held = app.state.db.begin().await.unwrap();
    held.executor().execute_unprepared("SELECT id FROM accounts FOR SHARE").await.unwrap();
    let call =
        |_| app.post("/api/auth/login", &json!({"email": ada.email, "password": PASSWORD})).into_future();
    let answers: JoinSet<Answer> = (0..4).map(call).collect();
    until("all have begun", async || app.count("sessions").await == 5).await;
    held.commit().await.unwrap();
    for answer in answers.join_all().await {
        answer.ok();
    }
    assert!(app.count(unended()).await >= 2);
}

#[tokio::test]
async fn a_sign_in_to_an_account_with_a_crowd_of_sessions_brings_it_down() {
    let app = TestApp::with(&[("sessions.per_account", "5")]).await;
    let ada = app.signed_up("ada").await;
    app.insert_sessions(&ada.email, CROWD).await;
    app.bound_statements(BOUND).await;
    app.clock.advance(SECOND);
    let last = ada.elsewhere().await;
    let living = last.sessions_that_live().await;
    assert_eq!(living.len(), 5, "at once");
    for lives in [&last, &ada] {
        lives.verify().await.ok();
        lives.refresh().await.ok();
    }
    until("all of them are written down", async || app.count(unended()).await == 5).await;
}

#[tokio::test]
async fn accounts_that_have_more_sessions_than_may_live_are_brought_down_when_a_server_starts() {
    let app = TestApp::with(&[("sessions.per_account", "100000")]).await;
    let (ada, bob) = (app.signed_up("ada").await, app.signed_up("bob").await);
    app.insert_sessions(&ada.email, CROWD).await;
    app.insert_sessions(&bob.email, 20).await;
    app.bound_statements(BOUND).await;
    app.stop().await;
    let app = app.beside(&[("sessions.per_account", "10")]).await;
    until("they are", async || app.count(unended()).await == 20).await;
    for person in [&ada, &bob] {
        let person = person.at(&app);
        assert_eq!(person.sessions_that_live().await.len(), 10);
        person.refresh().await.ok();
        person.verify().await.ok();
    }
}

/// Request that ends all sessions of an account, or all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Password,
    Others,
    Deletion,
}

impl Act {
    async fn run(self, ada: &Person) {
        match self {
            Self::Password => ada.store_tokens(&ada.change_password(PASSWORD, NEW).await),
            Self::Others => ada.end_others().await.no_content(),
            Self::Deletion => ada.delete_account(PASSWORD).await.no_content(),
        }
    }

    fn reason(self) -> EndReason {
        match self {
            Self::Password => EndReason::PasswordChanged,
            Self::Others => EndReason::SignedOutElsewhere,
            Self::Deletion => EndReason::AccountDeleted,
        }
    }

    fn password(self) -> &'static str {
        if self == Self::Password { NEW } else { PASSWORD }
    }
}

/// Returns a person with very many sessions, and three clients of theirs.
async fn crowded() -> (TestApp, Person, Vec<Person>) {
    let app = TestApp::with(&[("sessions.per_account", "100000")]).await;
    let ada = app.signed_up("ada").await;
    app.insert_sessions(&ada.email, CROWD).await;
    let mut others = Vec::new();
    for _ in 0..3 {
        others.push(ada.elsewhere().await);
    }
    app.bound_statements(BOUND).await;
    (app, ada, others)
}

#[tokio::test]
async fn a_crowd_of_sessions_is_ended_at_once_on_every_server_without_a_long_statement() {
    for act in [Act::Password, Act::Others, Act::Deletion] {
        let (app, ada, others) = crowded().await;
        let there = app.beside(&[]).await;
        for other in &others {
            other.at(&there).verify().await.ok();
        }
        act.run(&ada).await;
        for other in &others {
            other.is_signed_out(act.reason()).await;
            let other = other.at(&there);
            other.refresh().await.problem(ErrorCode::SessionEnded);
            until("the other server knows", async || other.verify().await.status == 401).await;
            other.is_signed_out(act.reason()).await;
        }
        if act == Act::Deletion {
            app.log_in(&ada.email, PASSWORD).await.problem(ErrorCode::CredentialsRejected);
            app.signed_up("ada").await.verify().await.ok();
            until("all of it is gone", async || app.everything().await.len() == 3).await;
            continue;
        }
        for server in [&app, &there] {
            let ada = ada.at(server);
            ada.verify().await.ok();
            assert_eq!(ada.sessions_that_live().await.len(), 1, "{act:?}");
            let anew = server.log_in(&ada.email, act.password()).await;
            let anew = Person::holding(server, "ada", act.password(), &anew);
            anew.verify().await.ok();
            anew.refresh().await.ok();
            anew.log_out().await.no_content();
        }
        ada.refresh().await.ok();
        until("all of them are written down", async || app.count(unended()).await == 1).await;
        ada.verify().await.ok();
        for other in &others {
            other.is_signed_out(act.reason()).await;
            other.at(&there).is_signed_out(act.reason()).await;
        }
        assert_eq!(ada.page(1, None).await.0.len(), 1);
    }
}

#[tokio::test]
async fn an_account_whose_crowd_of_sessions_has_ended_is_deleted_without_a_long_statement_too() {
    let (app, ada, _) = crowded().await;
    ada.end_others().await.no_content();
    until("all of them are written down", async || app.count(unended()).await == 1).await;
    ada.delete_account(PASSWORD).await.no_content();
    app.log_in(&ada.email, PASSWORD).await.problem(ErrorCode::CredentialsRejected);
    ada.is_signed_out(EndReason::AccountDeleted).await;
    app.signed_up("ada").await.verify().await.ok();
    until("all of it is gone", async || app.everything().await.len() == 3).await;
}

#[tokio::test]
async fn what_a_server_that_stopped_has_left_undone_the_next_one_does() {
    for act in [Act::Password, Act::Deletion] {
        let (app, ada, others) = crowded().await;
        act.run(&ada).await;
        app.stop().await;
        let app = app.beside(&[]).await;
        for other in &others {
            other.at(&app).is_signed_out(act.reason()).await;
        }
        let left = usize::from(act == Act::Password);
        until("it is done", async || {
            app.count(unended()).await == left && app.count("accounts").await == left
        })
        .await;
        if act == Act::Password {
            ada.at(&app).refresh().await.ok();
        }
    }
}

#[tokio::test]
async fn each_session_keeps_the_reason_of_the_first_of_two_ends() {
    let (app, ada, others) = crowded().await;
    ada.end_others().await.no_content();
    let between = ada.elsewhere().await;
    app.insert_sessions(&ada.email, CROWD).await;
    ada.store_tokens(&ada.change_password(PASSWORD, NEW).await);
    between.is_signed_out(EndReason::PasswordChanged).await;
    others[0].is_signed_out(EndReason::SignedOutElsewhere).await;
    until("all of them are written down", async || app.count(unended()).await == 1).await;
    others[0].is_signed_out(EndReason::SignedOutElsewhere).await;
}

#[tokio::test]
async fn an_export_tells_of_every_session_however_many_there_are() {
    let app = TestApp::with(&[("sessions.per_account", "100000")]).await;
    let ada = app.signed_up("ada").await;
    app.insert_sessions(&ada.email, 1_234).await;
    ada.elsewhere().await.log_out().await.no_content();
    let export = ada.export().await;
    let sessions = export["sessions"].as_array().unwrap();
    let ids: std::collections::BTreeSet<_> =
        sessions.iter().map(|session| session["id"].as_str().unwrap()).collect();
    assert_eq!((sessions.len(), ids.len()), (1_236, 1_236));
}
