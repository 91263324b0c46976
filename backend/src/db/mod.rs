//! Database access: SQLite in a file, or PostgreSQL. Outside this module only the domains' stores run statements.

mod connect;
mod database;
mod database_clock;
mod listen;
mod read_batch;
mod snapshot;
mod time;
mod write_batch;

mod connect_error;
mod connection_cache;
mod error;
mod error_hint;
mod pooler;
mod statement_timeout;
mod timeouts;
mod tls;
mod write_lock;

pub(crate) mod entity;
mod migrations;
#[cfg(test)]
pub(crate) mod query_plan;

pub use connect::lock_sqlite_file;
pub use connect_error::ConnectError;
pub use database::{AfterCommit, Connections, Database, Transaction};
pub use database_clock::DatabaseClock;
pub use error::StoreError;
pub use listen::Listener;
pub use read_batch::{BatchReader, Lookup};
pub use sea_orm::ConnectionTrait as Executor;
pub use snapshot::{RowCounts, Snapshot, SnapshotError, sqlite_file};
pub use write_batch::{BatchWrite, BatchWriter, LINGER, values_column};
