//! The database: SQLite in a file, or PostgreSQL. Above this module only the domains' stores speak to it.

mod connect;
mod connect_error;
mod connection_cache;
pub(crate) mod entity;
mod error_hint;
mod listen;
mod migrations;
mod pooler;
#[cfg(test)]
pub(crate) mod query_plan;
mod read_batch;
mod snapshot;
mod statement_timeout;
mod time;
mod tls;
mod write_batch;
mod write_lock;

use crate::traces::{self, ChildSpan};
pub use connect::{ConnectError, lock_sqlite_file};
use connection_cache::ConnectionCache;
pub use listen::Listener;
pub use read_batch::{BatchReader, Lookup};
pub use sea_orm::ConnectionTrait as Executor;
use sea_orm::{
    DatabaseBackend, DatabaseTransaction, DbErr, IsolationLevel, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};
pub use snapshot::{RowCounts, Snapshot, SnapshotError, sqlite_file};
use statement_timeout::{WithTimeout, with_response_timeout};
pub use write_batch::{BatchWrite, BatchWriter, LINGER, values_column};
use write_lock::{WriteGuard, WriteLock};

/// The database failed. The caller learns no more than that; the log says why.
#[derive(Debug, thiserror::Error)]
#[error("the database failed: {0}{hint}", hint = error_hint::for_error(.0))]
pub struct StoreError(#[from] DbErr);

/// The connections to the database.
#[derive(Clone)]
pub struct Database {
    connection: WithTimeout<ConnectionCache>,
    write_lock: WriteLock,
}

/// The connections to the database, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// How many there are.
    pub open: usize,
    /// How many of them nobody uses.
    pub idle: usize,
}

/// A transaction: it rolls back unless it is committed.
pub struct Transaction {
    transaction: WithTimeout<DatabaseTransaction>,
    // Passed on after the transaction is over: fields are dropped in this order.
    _guard: WriteGuard,
    _step: ChildSpan,
}

impl Database {
    /// What a store reads with. Writes belong in a transaction, or go through [`BatchWriter`]: there they take turns.
    pub fn executor(&self) -> &impl Executor {
        &self.connection
    }

    /// Begins a transaction that is going to write. SQLite takes its write lock at once: a transaction that reads
    /// first and then wants to write would be answered "locked" without a wait.
    pub async fn begin(&self) -> Result<Transaction, StoreError> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            // Said for each: a pooler in between may not pass on what is said for a connection.
            isolation_level: self.is_postgres().then_some(IsolationLevel::ReadCommitted),
            ..TransactionOptions::default()
        };
        let step = traces::child_span("transaction");
        let WithTimeout { inner, timeout } = &self.connection;
        let begun = async {
            let guard = self.write_lock.acquire().await?;
            Ok((guard, timeout.wait(inner.pool.begin_with_options(options)).await?))
        };
        let (guard, transaction) = with_response_timeout(begun).await?;
        Ok(Transaction {
            transaction: WithTimeout { inner: transaction, timeout: timeout.clone() },
            _guard: guard,
            _step: step,
        })
    }

    /// Whether several servers can use it.
    pub fn is_shared(&self) -> bool {
        self.is_postgres()
    }

    fn is_postgres(&self) -> bool {
        self.connection.get_database_backend() == DatabaseBackend::Postgres
    }

    /// How many connections there are.
    pub fn connections(&self) -> Connections {
        let ConnectionCache { pool, .. } = &self.connection.inner;
        let (open, idle) = match self.connection.get_database_backend() {
            DatabaseBackend::Sqlite => {
                let pool = pool.get_sqlite_connection_pool();
                (pool.size(), pool.num_idle() + self.connection.inner.idle_count())
            }
            _ => {
                let pool = pool.get_postgres_connection_pool();
                (pool.size(), pool.num_idle())
            }
        };
        Connections { open: usize::try_from(open).unwrap_or(usize::MAX), idle }
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let WithTimeout { inner, timeout } = &self.connection;
        Ok(timeout.wait(inner.pool.ping()).await?)
    }

    /// Closes every connection; SQLite folds its write-ahead log into the file. PostgreSQL is not waited for long: by now
    /// everything is committed, and it finds out by itself who has gone.
    pub async fn close(&self) -> Result<(), StoreError> {
        let WithTimeout { inner, timeout } = &self.connection;
        // Once the pool is marked as closed nothing is kept any more, and it waits for what it has given away.
        let closed = async { tokio::join!(inner.pool.close_by_ref(), async { inner.clear() }).0 };
        Ok(timeout.wait_for_close(closed).await?)
    }
}

impl Transaction {
    /// What a store runs its statements on.
    pub fn executor(&self) -> &impl Executor {
        &self.transaction
    }

    /// Makes all of it last.
    pub async fn commit(self) -> Result<(), StoreError> {
        let WithTimeout { inner, timeout } = self.transaction;
        Ok(timeout.wait(inner.commit()).await?)
    }
}
