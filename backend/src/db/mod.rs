//! The database: SQLite in a file, or PostgreSQL. Above this module only the domains' stores speak to it.

mod advice;
mod bounded;
mod connect;
pub(crate) mod entity;
mod gather;
mod kept;
mod listen;
mod migrations;
#[cfg(test)]
pub(crate) mod plans;
mod pooler;
mod refusal;
mod snapshot;
mod time;
mod tls;
mod together;
mod turn;

use crate::traces::{self, Step};
use bounded::{Bounded, from_now_on};
pub use connect::{ConnectError, hold};
pub use gather::{Gather, Lookup};
use kept::Kept;
pub use listen::Listener;
pub use sea_orm::ConnectionTrait as Executor;
use sea_orm::{
    DatabaseBackend, DatabaseTransaction, DbErr, IsolationLevel, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};
pub use snapshot::{Counts, Snapshot, SnapshotError, sqlite_file};
pub use together::{MOMENT, Together, Write, asked};
use turn::{Turn, Turns};

/// The database failed. The caller learns no more than that; the log says why.
#[derive(Debug, thiserror::Error)]
#[error("the database failed: {0}{advice}", advice = advice::to(.0))]
pub struct StoreError(#[from] DbErr);

/// The connections to the database.
#[derive(Clone)]
pub struct Database {
    connection: Bounded<Kept>,
    turns: Turns,
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
    transaction: Bounded<DatabaseTransaction>,
    // Passed on after the transaction is over: fields are dropped in this order.
    _turn: Turn,
    _step: Step,
}

impl Database {
    /// What a store reads with. Writes belong in a transaction, or go through [`Together`]: there they take turns.
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
        let step = traces::step("transaction");
        let Bounded { on, limit } = &self.connection;
        let begun = async {
            let turn = self.turns.next().await?;
            Ok((turn, limit.wait(on.pool.begin_with_options(options)).await?))
        };
        let (turn, transaction) = from_now_on(begun).await?;
        Ok(Transaction {
            transaction: Bounded { on: transaction, limit: limit.clone() },
            _turn: turn,
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
        let Kept { pool, .. } = &self.connection.on;
        let (open, idle) = match self.connection.get_database_backend() {
            DatabaseBackend::Sqlite => {
                let pool = pool.get_sqlite_connection_pool();
                (pool.size(), pool.num_idle() + self.connection.on.at_hand())
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
        let Bounded { on, limit } = &self.connection;
        Ok(limit.wait(on.pool.ping()).await?)
    }

    /// Closes every connection; SQLite folds its write-ahead log into the file. PostgreSQL is not waited for long: by now
    /// everything is committed, and it finds out by itself who has gone.
    pub async fn close(&self) -> Result<(), StoreError> {
        let Bounded { on, limit } = &self.connection;
        // Once the pool is marked as closed nothing is kept any more, and it waits for what it has given away.
        let closed = async { tokio::join!(on.pool.close_by_ref(), async { on.release() }).0 };
        Ok(limit.part(closed).await?)
    }
}

impl Transaction {
    /// What a store runs its statements on.
    pub fn executor(&self) -> &impl Executor {
        &self.transaction
    }

    /// Makes all of it last.
    pub async fn commit(self) -> Result<(), StoreError> {
        let Bounded { on, limit } = self.transaction;
        Ok(limit.wait(on.commit()).await?)
    }
}
