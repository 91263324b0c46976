//! A database for one test: a file of SQLite, or a database in the PostgreSQL that `LATCHKEY_TEST_DATABASE_URL` names.

use sea_orm::ConnectionTrait as _;
use std::path::Path;
use std::sync::Mutex;
use uuid::Uuid;

pub enum TestDatabase {
    /// File that the server creates in its data folder.
    Sqlite,
    Postgres {
        superuser: String,
        name: String,
    },
}

/// Returns the URL of the PostgreSQL to run on, as its superuser.
#[expect(clippy::disallowed_methods, reason = "which database the tests run on is said from outside")]
fn postgres() -> Option<String> {
    std::env::var("LATCHKEY_TEST_DATABASE_URL").ok()
}

/// Returns the address of that PostgreSQL, for a test that requires it.
pub fn postgres_address() -> String {
    let Some(url) = postgres() else { panic!("LATCHKEY_TEST_DATABASE_URL must say which PostgreSQL") };
    let url = url::Url::parse(&url).unwrap();
    format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5432))
}

/// Databases that earlier tests of this process have released. Creating one takes far longer than emptying one.
static LEFT: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Any remaining connection belongs to a test that has ended.
const EMPTY: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
    WHERE datname = current_database() AND pid <> pg_backend_pid(); \
    DROP SCHEMA public CASCADE; CREATE SCHEMA public; \
    DO $$ BEGIN EXECUTE format('ALTER DATABASE %I RESET ALL', current_database()); END $$";

impl TestDatabase {
    pub async fn make() -> Self {
        let Some(superuser) = postgres() else { return Self::Sqlite };
        let left = LEFT.lock().unwrap().pop();
        if let Some(name) = left {
            run(&in_database(&superuser, &name), EMPTY).await;
            return Self::Postgres { superuser, name };
        }
        let name = format!("latchkey_{}", Uuid::from_bytes(random()).simple());
        run(&superuser, &format!("CREATE DATABASE {name}")).await;
        Self::Postgres { superuser, name }
    }

    /// Returns the value of `database.url`.
    pub fn url(&self, folder: &Path) -> String {
        match self {
            Self::Sqlite => format!("sqlite://{}/latchkey.db", folder.display()),
            Self::Postgres { superuser, name } => in_database(superuser, name),
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Self::Postgres { name, .. } = self {
            LEFT.lock().unwrap().push(std::mem::take(name));
        }
    }
}

fn in_database(superuser: &str, name: &str) -> String {
    let mut url = url::Url::parse(superuser).unwrap();
    url.set_path(name);
    url.into()
}

async fn run(url: &str, statement: &str) {
    let mut options = sea_orm::ConnectOptions::new(url);
    options.max_connections(1).min_connections(0).sqlx_logging(false);
    let database = sea_orm::Database::connect(options).await.unwrap();
    database.execute_unprepared(statement).await.unwrap();
    database.close().await.unwrap();
}

pub fn random<const N: usize>() -> [u8; N] {
    use latchkey::platform::{OsRandomness, Randomness};
    (&OsRandomness as &dyn Randomness).bytes()
}
