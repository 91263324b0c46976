//! No statement is waited for without end. PostgreSQL lies behind a network: a connection whose other end has gone without
//! a word stays silent, and the system gives it up only after a quarter of an hour. Until then whatever waits there, waits,
//! and the pool counts it among the few that it may have.

use super::StoreError;
use super::connect::ACQUIRE_TIMEOUT;
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

/// How long PostgreSQL works on one statement.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long it keeps a transaction in which nothing is asked: a server that has gone without a word must not keep rows
/// locked.
const IDLE_IN_TRANSACTION_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an answer is waited for, together with a connection to ask on. PostgreSQL itself speaks first, if it still can.
pub(super) const RESPONSE_TIMEOUT: Duration = ACQUIRE_TIMEOUT.saturating_add(STATEMENT_TIMEOUT);
/// How long a connection may take to show that it lives.
const PING_TIMEOUT: Duration = Duration::from_secs(1);
/// How long a connection is believed to live after its last use; past that it is asked first, which costs a round trip.
const MAX_UNCHECKED_IDLE: Duration = Duration::from_secs(1);
/// How long the connections may take to be closed.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long doubt lasts: a connection that was left goes back to the pool at once.
const CHECK_PERIOD: Duration = Duration::from_secs(5);

/// Whether somebody has just left a connection that had not answered. The pool asks each connection that comes back to it
/// for a sign of life, and would wait for that without end; and it takes that for enough, whatever was left open there.
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

    /// Has the pool drop connections that do not answer in time: before they are used, and when they come back. Those that
    /// come back are in no transaction any more.
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

/// Where a transaction was given up before the answer that it has begun, the driver does not know of it. Whatever came next
/// on that connection would be a part of it, answered and never committed. To begin one and roll it back ends either.
async fn ends_transaction(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    within_ping_timeout(async { connection.begin().await?.rollback().await }).await
}

/// Fails where the answer takes too long: then nobody waits for a farewell either.
async fn within_ping_timeout(
    answer: impl Future<Output = Result<(), sqlx::Error>>,
) -> Result<bool, sqlx::Error> {
    let answered = timeout(PING_TIMEOUT, answer).await;
    answered.map_err(|_| io::Error::from(ErrorKind::TimedOut))?.map(|()| true)
}

/// Sets what holds for all of a connection, by statements: poolers refuse to pass such settings on with the greeting. Each
/// statement sees what is committed when it begins, whatever the database or the role has for a default: a transaction that
/// changes the password has to see the sessions that began while it waited.
async fn set_session_timeouts(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let (work, idle) = (STATEMENT_TIMEOUT.as_millis(), IDLE_IN_TRANSACTION_TIMEOUT.as_millis());
    let limits = format!(
        "SET statement_timeout = {work}; SET lock_timeout = {work}; SET idle_in_transaction_session_timeout = {idle}; \
         SET default_transaction_isolation = 'read committed'"
    );
    connection.execute(AssertSqlSafe(limits)).await.map(drop)
}

/// Lets nothing last without end on the connections that are opened so.
pub(super) fn install_timeouts(options: &mut ConnectOptions) -> HealthCheck {
    let health_check = HealthCheck::default();
    health_check.install(options);
    health_check
}

/// Raises doubt unless the answer came: also where whoever waited has gone away.
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

/// How long is waited for the database; without end where it is a file.
#[derive(Clone)]
pub(super) struct StatementTimeout(pub(super) Option<HealthCheck>);

impl StatementTimeout {
    /// Waits for an answer, not without end.
    pub(super) async fn wait<T>(&self, work: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        let Some(health_check) = &self.0 else { return work.await };
        let mut work = pin!(work);
        // Dropped before the work is, and with it the connection.
        let mut guard = UnansweredGuard { health_check, is_answered: false };
        let done = timeout(RESPONSE_TIMEOUT, work.as_mut()).await;
        guard.is_answered = done.is_ok();
        done.unwrap_or_else(|_| Err(unanswered()))
    }

    /// Waits for an end that need not be waited for.
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

/// Waits for what is done for several at once, each of them from when it came: whoever comes while a round hangs would
/// otherwise wait for the end of that, and then for a round of its own.
pub(super) async fn with_response_timeout<T>(
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    timeout(RESPONSE_TIMEOUT, work).await.unwrap_or_else(|_| Err(unanswered().into()))
}

fn unanswered() -> DbErr {
    DbErr::Conn(RuntimeErr::Internal("the database does not answer".to_owned()))
}

/// What stores run their statements on: the connections, or one transaction.
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
