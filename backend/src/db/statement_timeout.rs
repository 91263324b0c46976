//! Timeouts for all statements on PostgreSQL. It is behind a network: a connection whose peer has vanished stays
//! silent, and the system closes it only after a quarter of an hour. Until then its callers would wait, and it would
//! occupy one of the few places in the pool.

use super::error::StoreError;
use super::timeouts;
use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{self, AssertSqlSafe, Connection as _, Executor as _};
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement,
};
use sea_orm_migration::async_trait;
use std::future::Future;
use std::io::{self, ErrorKind};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// PostgreSQL's limit for a transaction without statements: a server that has vanished must not keep rows locked.
const IDLE_IN_TRANSACTION_TIMEOUT: Duration = Duration::from_secs(10);
/// Limit for the response to a ping.
const PING_TIMEOUT: Duration = Duration::from_secs(1);
/// Idle time up to which a connection is used without a ping, which costs a round trip.
const MAX_UNCHECKED_IDLE: Duration = Duration::from_secs(1);
/// Limit for closing the connections.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
/// Time for which connections are checked after one was abandoned: an abandoned connection returns to the pool at once.
const CHECK_PERIOD: Duration = Duration::from_secs(5);

/// Time at which a connection was last abandoned without a response. The pool pings each connection that is returned to
/// it, but without a timeout, and it does not check whether a transaction was left open.
#[derive(Clone, Default)]
pub(super) struct HealthCheck(Arc<Mutex<Option<Instant>>>);

impl HealthCheck {
    fn require(&self) {
        *self.required_since() = Some(Instant::now());
    }

    fn is_required(&self) -> bool {
        self.required_since().is_some_and(|since| since.elapsed() < CHECK_PERIOD)
    }

    fn required_since(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the pool drop connections that do not respond in time, before use and on return. On return it also ends
    /// transactions that were left open.
    fn install(&self, options: &mut ConnectOptions) {
        let (before, after) = (self.clone(), self.clone());
        options.test_before_acquire(false).map_sqlx_postgres_before_acquire(move |connection, about| {
            let is_trusted = about.idle_for < MAX_UNCHECKED_IDLE && !before.is_required();
            Box::pin(async move { if is_trusted { Ok(true) } else { answers_ping(connection).await } })
        });
        options.map_sqlx_postgres_pool_opts(move |pool| {
            let after = after.clone();
            let pool = pool.after_release(move |connection, _| {
                let is_trusted = !after.is_required();
                Box::pin(
                    async move { if is_trusted { Ok(true) } else { ends_transaction(connection).await } },
                )
            });
            pool.after_connect(|connection, _| Box::pin(set_session_timeouts(connection)))
        });
    }
}

async fn answers_ping(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    within_ping_timeout(connection.ping()).await
}

/// Ends a transaction that the driver does not know of, because it was abandoned before the response to BEGIN. Further
/// statements on that connection would succeed as a part of it and never be committed. BEGIN and ROLLBACK end it in any
/// case.
async fn ends_transaction(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    within_ping_timeout(async { connection.begin().await?.rollback().await }).await
}

/// Fails if the response takes longer than [`PING_TIMEOUT`]: the pool then closes the connection without a wait.
async fn within_ping_timeout(
    answer: impl Future<Output = Result<(), sqlx::Error>>,
) -> Result<bool, sqlx::Error> {
    let answered = timeout(PING_TIMEOUT, answer).await;
    answered.map_err(|_| io::Error::from(ErrorKind::TimedOut))?.map(|()| true)
}

/// Sets the limits and the isolation level of a connection, by statements: poolers reject such settings at startup.
/// With READ COMMITTED, whatever the default of the database or the role, each statement sees what is committed when it
/// begins: a transaction that changes the password has to see the sessions that began while it waited.
async fn set_session_timeouts(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let (work, idle) = (timeouts::STATEMENT.as_millis(), IDLE_IN_TRANSACTION_TIMEOUT.as_millis());
    let limits = format!(
        "SET statement_timeout = {work}; SET lock_timeout = {work}; SET idle_in_transaction_session_timeout = {idle}; \
         SET default_transaction_isolation = 'read committed'"
    );
    connection.execute(AssertSqlSafe(limits)).await.map(drop)
}

/// Installs the timeouts on the connections that are opened with these options.
pub(super) fn install_timeouts(options: &mut ConnectOptions) -> HealthCheck {
    let health_check = HealthCheck::default();
    health_check.install(options);
    health_check
}

/// Guard that requires health checks unless the response arrived, also if the caller was dropped.
struct UnansweredGuard<'a> {
    health_check: &'a HealthCheck,
    is_answered: bool,
}

impl Drop for UnansweredGuard<'_> {
    fn drop(&mut self) {
        if !self.is_answered {
            self.health_check.require();
        }
    }
}

/// The timeout for the database's responses; `None` for SQLite, which has none.
#[derive(Clone)]
pub(super) struct StatementTimeout(pub(super) Option<HealthCheck>);

impl StatementTimeout {
    /// Waits for a response, up to [`timeouts::RESPONSE`].
    pub(super) async fn wait<T>(&self, work: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        let Some(health_check) = &self.0 else { return work.await };
        let mut work = pin!(work);
        // Declared after `work`, so dropped before it: the check is required before the connection returns to the pool.
        let mut guard = UnansweredGuard { health_check, is_answered: false };
        let done = timeout(timeouts::RESPONSE, work.as_mut()).await;
        guard.is_answered = done.is_ok();
        done.unwrap_or_else(|_| Err(unanswered()))
    }

    /// Waits for the connections to close, up to [`CLOSE_TIMEOUT`]; to exceed that is no error.
    pub(super) async fn wait_for_close(
        &self,
        work: impl Future<Output = Result<(), DbErr>>,
    ) -> Result<(), DbErr> {
        match &self.0 {
            None => work.await,
            Some(_) => timeout(CLOSE_TIMEOUT, work).await.unwrap_or(Ok(())),
        }
    }
}

/// Limits a caller's wait for batched work to [`timeouts::RESPONSE`] from its own start: otherwise a caller that arrives
/// while a batch hangs would wait for the end of that one, and then for its own.
pub(super) async fn with_response_timeout<T>(
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    timeout(timeouts::RESPONSE, work).await.unwrap_or_else(|_| Err(unanswered().into()))
}

fn unanswered() -> DbErr {
    DbErr::Conn(RuntimeErr::Internal("the database does not answer".to_owned()))
}

/// Executor with a timeout: the connections, or one transaction.
#[derive(Clone)]
pub(super) struct WithTimeout<C> {
    pub(super) inner: C,
    pub(super) timeout: StatementTimeout,
}

#[async_trait::async_trait]
impl<C: ConnectionTrait> ConnectionTrait for WithTimeout<C> {
    fn get_database_backend(&self) -> DatabaseBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.timeout.wait(self.inner.execute_raw(statement)).await
    }

    async fn execute_unprepared(&self, statements: &str) -> Result<ExecResult, DbErr> {
        self.timeout.wait(self.inner.execute_unprepared(statements)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.timeout.wait(self.inner.query_one_raw(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.timeout.wait(self.inner.query_all_raw(statement)).await
    }
}
