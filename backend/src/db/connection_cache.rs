//! Cache of SQLite connections between statements.
//!
//! The driver's pool pings each connection that is returned to it, in a separate task: two more messages between
//! threads for every statement. With SQLite that takes as long as finding a row by its key. So a few connections stay
//! out of the pool, and the one used last is used next: its pages are still in memory.

use super::timeouts;
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::{self, AssertSqlSafe, Sqlite};
use sea_orm::{
    ConnAcquireErr, ConnectionTrait, DatabaseBackend, DatabaseConnection, DbErr, ExecResult, QueryResult,
    RuntimeErr, SqlxError, Statement, Values,
};
use sea_orm_migration::async_trait;
use sea_query_sqlx::SqlxValues;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Maximum number of concurrent statements, and of cached connections; the others of the pool are for transactions, of
/// which there is one at a time. When all are in use, callers wait here in order: the pool is not notified when a
/// connection returns to the cache.
const MAX_CONNECTIONS: usize = 6;

type Connection = PoolConnection<Sqlite>;

/// The pool, and the idle connections kept outside it; for PostgreSQL only the pool is used.
#[derive(Clone)]
pub(super) struct ConnectionCache {
    pub(super) pool: DatabaseConnection,
    idle: Arc<Mutex<Vec<Connection>>>,
    permits: Arc<Semaphore>,
}

/// A connection in use, and its permit.
struct Lease(Connection, OwnedSemaphorePermit);

impl ConnectionCache {
    /// Creates an empty cache.
    pub(super) fn new(pool: DatabaseConnection) -> Self {
        Self { pool, idle: Arc::default(), permits: Arc::new(Semaphore::new(MAX_CONNECTIONS)) }
    }

    /// Returns the number of idle connections in the cache, which the pool counts as in use.
    pub(super) fn idle_count(&self) -> usize {
        self.idle().len()
    }

    /// Returns all idle connections to the pool.
    pub(super) fn clear(&self) {
        self.idle().clear();
    }

    fn is_sqlite(&self) -> bool {
        self.pool.get_database_backend() == DatabaseBackend::Sqlite
    }

    async fn acquire(&self) -> Result<Lease, DbErr> {
        let permit = timeout(timeouts::ACQUIRE, Arc::clone(&self.permits).acquire_owned()).await;
        let permit = permit.ok().and_then(Result::ok).ok_or_else(|| not_acquired(SqlxError::PoolTimedOut))?;
        let cached = self.idle().pop();
        let connection = match cached {
            Some(connection) => connection,
            None => self.pool.get_sqlite_connection_pool().acquire().await.map_err(not_acquired)?,
        };
        Ok(Lease(connection, permit))
    }

    /// Returns a connection to the cache, only after a success. After a failure it goes back to the pool, which checks
    /// it.
    fn put_back(&self, Lease(connection, permit): Lease) {
        let mut idle = self.idle();
        if !self.pool.get_sqlite_connection_pool().is_closed() {
            idle.push(connection);
        }
        // The permit is released last, so that the next in the queue finds the connection.
        drop(idle);
        drop(permit);
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for ConnectionCache {
    fn get_database_backend(&self) -> DatabaseBackend {
        self.pool.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        if !self.is_sqlite() {
            return self.pool.execute_raw(statement).await;
        }
        let mut lease = self.acquire().await?;
        let done = query(statement).execute(&mut *lease.0).await.map_err(not_executed)?;
        self.put_back(lease);
        Ok(done.into())
    }

    async fn execute_unprepared(&self, statements: &str) -> Result<ExecResult, DbErr> {
        self.pool.execute_unprepared(statements).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        if !self.is_sqlite() {
            return self.pool.query_one_raw(statement).await;
        }
        let mut lease = self.acquire().await?;
        let row = query(statement).fetch_optional(&mut *lease.0).await.map_err(not_queried)?;
        self.put_back(lease);
        Ok(row.map(Into::into))
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        if !self.is_sqlite() {
            return self.pool.query_all_raw(statement).await;
        }
        let mut lease = self.acquire().await?;
        let rows = query(statement).fetch_all(&mut *lease.0).await.map_err(not_queried)?;
        self.put_back(lease);
        Ok(rows.into_iter().map(Into::into).collect())
    }
}

fn query(statement: Statement) -> sqlx::query::Query<'static, Sqlite, SqlxValues> {
    let values = statement.values.unwrap_or_else(|| Values(Vec::new()));
    sqlx::query_with(AssertSqlSafe(statement.sql), SqlxValues(values))
}

fn not_acquired(error: SqlxError) -> DbErr {
    match error {
        SqlxError::PoolTimedOut => DbErr::ConnectionAcquire(ConnAcquireErr::Timeout),
        SqlxError::PoolClosed => DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed),
        error => DbErr::Conn(RuntimeErr::SqlxError(error.into())),
    }
}

fn not_executed(error: SqlxError) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(error.into()))
}

fn not_queried(error: SqlxError) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}

#[cfg(test)]
mod tests {
    use crate::config::from_pairs;
    use crate::db::{Connections, Database, Executor as _};
    use futures::FutureExt as _;
    use sea_orm::{DatabaseBackend, DbErr, QueryResult, Statement};

    async fn in_a_file() -> (tempfile::TempDir, Database) {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/kept.db", folder.path().display());
        let config = from_pairs(None, [("LATCHKEY_DATABASE__URL".to_owned(), url)]).unwrap();
        let database = Database::open(&config.database_url).await.unwrap();
        (folder, database)
    }

    async fn ask(database: &Database, question: &str) -> Result<Option<QueryResult>, DbErr> {
        let question = Statement::from_string(DatabaseBackend::Sqlite, question);
        database.executor().query_one_raw(question).await
    }

    #[tokio::test]
    async fn one_connection_serves_one_statement_after_the_other() {
        let (_folder, database) = in_a_file().await;
        assert!(ask(&database, "SELECT 1").await.unwrap().is_some());
        // The migrations have opened a connection of their own.
        let Connections { open, .. } = database.connections();
        for _ in 0..10 {
            assert!(ask(&database, "SELECT 1").await.unwrap().is_some());
            assert_eq!(database.connection.inner.idle_count(), 1);
        }
        assert_eq!(database.connections().open, open);
    }

    #[tokio::test]
    async fn whoever_waits_gets_the_next_connection_that_comes_back() {
        let (_folder, database) = in_a_file().await;
        let cached = &database.connection.inner;
        let mut lease = Vec::new();
        for _ in 0..super::MAX_CONNECTIONS {
            lease.push(cached.acquire().await.unwrap());
        }
        let mut waiting = std::pin::pin!(cached.acquire());
        assert!(waiting.as_mut().now_or_never().is_none());
        cached.put_back(lease.pop().unwrap());
        // A later caller does not overtake it.
        assert!(cached.acquire().now_or_never().is_none());
        assert!(waiting.await.is_ok());
    }

    #[tokio::test]
    async fn after_a_failure_a_connection_goes_back_to_the_pool() {
        let (_folder, database) = in_a_file().await;
        assert!(ask(&database, "SELECT nothing").await.is_err());
        assert_eq!(database.connection.inner.idle_count(), 0);
        assert!(ask(&database, "SELECT 1").await.unwrap().is_some());
        assert_eq!(database.connection.inner.idle_count(), 1);
    }

    #[tokio::test]
    async fn closing_waits_for_none_that_is_kept() {
        let (_folder, database) = in_a_file().await;
        assert!(ask(&database, "SELECT 1").await.unwrap().is_some());
        database.close().await.unwrap();
        assert_eq!(database.connection.inner.idle_count(), 0);
        assert!(ask(&database, "SELECT 1").await.is_err());
    }

    /// Checks the workspace's build flag: without it SQLite parses and plans every statement at every execution.
    #[tokio::test]
    async fn a_statement_is_planned_once_whatever_is_bound_to_it() {
        let (_folder, database) = in_a_file().await;
        let flag = "SELECT 1 FROM pragma_compile_options WHERE compile_options = 'ENABLE_QPSG'";
        assert!(ask(&database, flag).await.unwrap().is_some());
    }
}
