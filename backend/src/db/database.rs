//! The database and its transactions.

use super::connection_cache::ConnectionCache;
use super::error::StoreError;
use super::statement_timeout::{WithTimeout, with_response_timeout};
use super::write_lock::{WriteGuard, WriteLock};
use crate::traces::{self, ChildSpan};
use sea_orm::ConnectionTrait as Executor;
use sea_orm::{
    DatabaseBackend, DatabaseTransaction, IsolationLevel, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};

/// The connections to the database.
#[derive(Clone)]
pub struct Database {
    pub(super) connection: WithTimeout<ConnectionCache>,
    pub(super) write_lock: WriteLock,
}

/// The size of the connection pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// Number of open connections.
    pub open: usize,
    /// Number of those that are not in use.
    pub idle: usize,
}

/// A transaction, rolled back on drop unless it was committed.
pub struct Transaction {
    pub(super) transaction: WithTimeout<DatabaseTransaction>,
    // Fields are dropped in this order: the write lock is released after the transaction has ended.
    _guard: WriteGuard,
    _step: ChildSpan,
}

impl Database {
    /// Returns the executor for reads. Writes belong in a transaction or in a [`BatchWriter`], which take the write
    /// lock.
    pub fn executor(&self) -> &impl Executor {
        &self.connection
    }

    /// Begins a transaction that is going to write. SQLite takes its write lock at once: for a transaction that reads
    /// first, a later write would fail as "locked" without a wait.
    pub async fn begin(&self) -> Result<Transaction, StoreError> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            // Set for each transaction: a pooler in between may not pass on what is set for a connection.
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

    /// Returns true if several servers can use the database.
    pub fn is_shared(&self) -> bool {
        self.is_postgres()
    }

    fn is_postgres(&self) -> bool {
        self.connection.get_database_backend() == DatabaseBackend::Postgres
    }

    /// Counts the connections of the pool.
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

    /// Checks that the database responds.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let WithTimeout { inner, timeout } = &self.connection;
        Ok(timeout.wait(inner.pool.ping()).await?)
    }

    /// Closes every connection; SQLite merges its write-ahead log into the file. The wait for PostgreSQL is short: by
    /// now everything is committed, and it detects closed connections by itself.
    pub async fn close(&self) -> Result<(), StoreError> {
        let WithTimeout { inner, timeout } = &self.connection;
        // `close_by_ref` first marks the pool as closed, so the cache takes no more connections; then it waits for all
        // that were acquired, including those that `clear` returns.
        let closed = async { tokio::join!(inner.pool.close_by_ref(), async { inner.clear() }).0 };
        Ok(timeout.wait_for_close(closed).await?)
    }
}

/// An effect in memory that must follow the commit of a transaction. [`Transaction::commit_with`] carries it out.
pub trait AfterCommit {
    /// Carries the effect out.
    fn carry_out(self);
}

impl Transaction {
    /// Returns the executor for the statements of this transaction.
    pub fn executor(&self) -> &impl Executor {
        &self.transaction
    }

    /// Commits the transaction, then carries out what it obliges to. If the commit fails, nothing is carried out.
    pub async fn commit_with(self, effect: impl AfterCommit) -> Result<(), StoreError> {
        self.commit().await?;
        effect.carry_out();
        Ok(())
    }

    /// Commits the transaction.
    pub async fn commit(self) -> Result<(), StoreError> {
        let WithTimeout { inner, timeout } = self.transaction;
        Ok(timeout.wait(inner.commit()).await?)
    }
}
