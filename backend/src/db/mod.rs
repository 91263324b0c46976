//! The database: SQLite in a file, or PostgreSQL. Above this module only the domains' stores speak to it.

mod connect;
pub(crate) mod entity;
mod listen;
mod migrations;

pub use connect::ConnectError;
pub use listen::Listener;
pub use sea_orm::ConnectionTrait as Executor;
use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbErr, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};

/// The database failed. The caller learns no more than that; the log says why.
#[derive(Debug, thiserror::Error)]
#[error("the database failed: {0}")]
pub struct StoreError(#[from] DbErr);

/// The connections to the database.
#[derive(Clone)]
pub struct Database(DatabaseConnection);

/// A transaction: it rolls back unless it is committed.
pub struct Transaction(DatabaseTransaction);

impl Database {
    /// What a store runs a single statement on.
    pub fn executor(&self) -> &impl Executor {
        &self.0
    }

    /// Begins a transaction that is going to write. SQLite takes its write lock at once: a transaction that reads
    /// first and then wants to write would be answered "locked" without a wait.
    pub async fn begin(&self) -> Result<Transaction, StoreError> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        Ok(Transaction(self.0.begin_with_options(options).await?))
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        Ok(self.0.ping().await?)
    }

    /// Closes every connection; SQLite folds its write-ahead log into the file.
    pub async fn close(&self) -> Result<(), StoreError> {
        Ok(self.0.close_by_ref().await?)
    }
}

impl Transaction {
    /// What a store runs its statements on.
    pub fn executor(&self) -> &impl Executor {
        &self.0
    }

    /// Makes all of it last.
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.0.commit().await?)
    }
}
