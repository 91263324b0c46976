//! Query plans of the stores' statements on SQLite, for tests: on a database that has rows and statistics, since those
//! change the plans.

use super::database::Database;
use crate::config::from_pairs;
use sea_orm::ConnectionTrait as Executor;
use sea_orm::{DatabaseBackend, DbErr, ExecResult, QueryResult, Statement};
use sea_orm_migration::async_trait;
use std::sync::Mutex;
use tempfile::TempDir;

/// Executor on a database of as many accounts as sessions, which records the query plan of each statement.
pub struct ExplainExecutor {
    database: Database,
    plan: Mutex<Vec<String>>,
    _folder: TempDir,
}

/// Tables that grow. Only these count: a plan also scans the VALUES list of a batch.
const TABLES: [&str; 5] = ["accounts", "credentials", "sessions", "ended_sessions", "session_cutoffs"];

/// Number of accounts, each with one session.
const ROWS: usize = 5_000;

impl ExplainExecutor {
    /// Creates the database with its rows and statistics.
    pub async fn create() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/plans.db", folder.path().display());
        let config = from_pairs(None, [("LATCHKEY_DATABASE__URL".to_owned(), url)]).unwrap();
        let open = || Database::open(&config.database_url);
        let database = open().await.unwrap();
        let rows =
            format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})");
        for statement in [
            format!(
                "INSERT INTO accounts (id, email, email_key, display_name, locale, roles, signed_in_at, created_at, \
                 updated_at) {rows} SELECT randomblob(16), i, i, 'Ada', 'en', 'user', 0, 0, 0 FROM n"
            ),
            "INSERT INTO credentials (id, account_id, kind, secret, created_at) \
             SELECT id, id, 'password', '$', 0 FROM accounts"
                .to_owned(),
            "INSERT INTO sessions (id, account_id, generation, rotated_at, remember, user_agent, ip, created_at, \
             last_seen_at, idle_ends_at, absolute_ends_at) \
             SELECT randomblob(16), id, 0, 0, TRUE, '', '', 0, 0, 9, 9 FROM accounts"
                .to_owned(),
            "ANALYZE".to_owned(),
        ] {
            database.executor().execute_unprepared(&statement).await.unwrap();
        }
        database.close().await.unwrap();
        // SQLite reads statistics when a connection is opened.
        Self { database: open().await.unwrap(), plan: Mutex::default(), _folder: folder }
    }

    /// Returns the tables that had a full scan since the last call. Panics if no statement was run.
    pub fn scans(&self) -> Vec<String> {
        let plan = std::mem::take(&mut *self.plan.lock().unwrap());
        assert!(!plan.is_empty(), "nothing was asked");
        let is_table = |name: &&str| TABLES.contains(name);
        let scanned = plan.iter().filter_map(|line| line.strip_prefix("SCAN ")?.split(' ').next());
        scanned.filter(is_table).map(str::to_owned).collect()
    }

    async fn explain(&self, statement: &Statement) -> Result<(), DbErr> {
        let explain_statement =
            Statement { sql: format!("EXPLAIN QUERY PLAN {}", statement.sql), ..statement.clone() };
        for row in self.database.executor().query_all_raw(explain_statement).await? {
            let line = row.try_get_by_index(3)?;
            self.plan.lock().unwrap().push(line);
        }
        Ok(())
    }
}

#[async_trait::async_trait]
impl Executor for ExplainExecutor {
    fn get_database_backend(&self) -> DatabaseBackend {
        DatabaseBackend::Sqlite
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.explain(&statement).await?;
        self.database.executor().execute_raw(statement).await
    }

    async fn execute_unprepared(&self, statements: &str) -> Result<ExecResult, DbErr> {
        self.database.executor().execute_unprepared(statements).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.explain(&statement).await?;
        self.database.executor().query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.explain(&statement).await?;
        self.database.executor().query_all_raw(statement).await
    }
}
