//! A database for one test: a file of SQLite, or a database in the PostgreSQL that `LATCHKEY_TEST_DATABASE_URL` names.

use sea_orm::ConnectionTrait as _;
use std::path::Path;
use uuid::Uuid;

pub enum TestDatabase {
    /// The file that the server makes in its data folder.
    Sqlite,
    Postgres {
        superuser: String,
        name: String,
    },
}

/// The PostgreSQL to run on, as its superuser reaches it.
#[expect(clippy::disallowed_methods, reason = "which database the tests run on is said from outside")]
fn postgres() -> Option<String> {
    std::env::var("LATCHKEY_TEST_DATABASE_URL").ok()
}

/// Where that PostgreSQL listens.
pub fn postgres_address() -> Option<String> {
    let url = url::Url::parse(&postgres()?).unwrap();
    Some(format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5432)))
}

impl TestDatabase {
    pub async fn make() -> Self {
        let Some(superuser) = postgres() else { return Self::Sqlite };
        let name = format!("latchkey_{}", Uuid::from_bytes(random()).simple());
        run(&superuser, &format!("CREATE DATABASE {name}")).await;
        Self::Postgres { superuser, name }
    }

    /// What `database.url` is set to.
    pub fn url(&self, folder: &Path) -> String {
        match self {
            Self::Sqlite => format!("sqlite://{}/latchkey.db", folder.display()),
            Self::Postgres { superuser, name } => {
                let mut url = url::Url::parse(superuser).unwrap();
                url.set_path(name);
                url.into()
            }
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Self::Postgres { superuser, name } = self else { return };
        let (superuser, drop) = (superuser.clone(), format!("DROP DATABASE {name} WITH (FORCE)"));
        // The test's own runtime is going away already.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(run(&superuser, &drop));
        });
        dropped.join().ok();
    }
}

async fn run(url: &str, statement: &str) {
    let mut options = sea_orm::ConnectOptions::new(url);
    options.max_connections(1).min_connections(0).sqlx_logging(false);
    let superuser = sea_orm::Database::connect(options).await.unwrap();
    superuser.execute_unprepared(statement).await.unwrap();
    superuser.close().await.unwrap();
}

pub fn random<const N: usize>() -> [u8; N] {
    use latchkey::platform::{OsRandomness, Randomness};
    (&OsRandomness as &dyn Randomness).bytes()
}
