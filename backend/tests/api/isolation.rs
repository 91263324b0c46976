//! Transaction isolation: defaults of the database or the role break none of the guarantees.

use crate::support::*;
use latchkey::db::Executor as _;
use sea_orm::{DatabaseBackend, Statement};
use tokio::task::JoinSet;

/// Settings that the owner of a database or a role may have changed.
const DEFAULTS: [(&str, &str); 6] = [
    ("default_transaction_isolation", "repeatable read"),
    ("default_transaction_isolation", "serializable"),
    ("default_transaction_isolation", "read uncommitted"),
    ("default_transaction_isolation", "read committed"),
    ("lock_timeout", "1ms"),
    ("statement_timeout", "1h"),
];

/// Starts servers whose connections have this default.
async fn with_default(setting: &str, value: &str) -> [TestApp; 2] {
    let app = TestApp::with(&[("throttle.per_account", "1000")]).await;
    let set = format!("ALTER DATABASE %I SET {setting} = {}", format!("'{value}'").replace('\'', "''"));
    app.run_sql(&format!("DO $$ BEGIN EXECUTE format('{set}', current_database()); END $$")).await;
    let app = app.restarted().await;
    let other = app.beside(&[]).await;
    [app, other]
}

/// A person signs in with the old password while another server changes it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs PostgreSQL: `cargo xtask test` starts one and runs it"]
async fn no_session_of_the_old_password_outlives_its_change_whatever_the_databases_defaults() {
    for (setting, value) in DEFAULTS {
        let [app, other] = with_default(setting, value).await;
        let ada = app.signed_up("ada").await;
        let mut passwords = ["an entirely different phrase", PASSWORD];
        for _ in 0..3 {
            let [new, old] = passwords;
            let body = json!({"email": ada.email, "password": old});
            let logins: Vec<_> = (0..6).map(|_| other.post("/api/auth/login", &body)).collect();
            let logins: JoinSet<Answer> = logins.into_iter().map(IntoFuture::into_future).collect();
            let changer = app.log_in(&ada.email, old).await;
            let changer = Person::holding(&app, "ada", old, &changer);
            let changed = changer.change_password(old, new).await;
            assert!(changed.status < 300, "{setting}={value}: {changed}");
            for login in logins.join_all().await {
                match login.status {
                    200 => {
                        let old = Person::holding(&app, "ada", old, &login);
                        assert_ne!(old.verify().await.status, 200, "{setting}={value}");
                        old.refresh().await.problem(ErrorCode::SessionEnded);
                    }
                    _ => drop(login.problem(ErrorCode::CredentialsRejected)),
                }
            }
            passwords.swap(0, 1);
        }
    }
}

/// A transaction that has already read, and continues after another one's commit, sees that commit.
#[tokio::test]
#[ignore = "needs PostgreSQL: `cargo xtask test` starts one and runs it"]
async fn a_transaction_sees_the_sessions_that_began_while_it_waited_whatever_the_databases_defaults() {
    for (setting, value) in DEFAULTS {
        let [app, other] = with_default(setting, value).await;
        let ada = app.signed_up("ada").await;
        let change = app.state.db.begin().await.unwrap();
        let count = async || {
            let count = Statement::from_string(DatabaseBackend::Postgres, "SELECT count(*) FROM sessions");
            let row = change.executor().query_one_raw(count).await.unwrap().unwrap();
            row.try_get_by_index::<i64>(0).unwrap()
        };
        assert_eq!(count().await, 1);
        other.log_in(&ada.email, PASSWORD).await.ok();
        assert_eq!(count().await, 2, "{setting}={value}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs PostgreSQL: `cargo xtask test` starts one and runs it"]
async fn tabs_that_refresh_at_once_are_all_answered_whatever_the_databases_defaults() {
    for (setting, value) in DEFAULTS {
        let [app, other] = with_default(setting, value).await;
        let ada = app.signed_up("ada").await;
        let call = |index: usize| {
            let server = if index.is_multiple_of(2) { &app } else { &other };
            server.post("/api/auth/refresh", &json!({})).cookie(&ada.refresh_token())
        };
        let calls: JoinSet<Answer> = (0..16).map(call).map(IntoFuture::into_future).collect();
        for answer in calls.join_all().await {
            assert_eq!(answer.status, 200, "{setting}={value}: {answer}");
            assert_eq!(claims_of(&answer.access_token())["gen"], 1);
        }
    }
}
