//! Writers take turns. SQLite lets one write at a time and makes the others look again and again, in growing pauses: under
//! load some would never find the moment. Here they stand in line.

use super::StoreError;
use super::statement_timeout::RESPONSE_TIMEOUT;
use sea_orm::{ConnAcquireErr, DatabaseBackend, DatabaseConnection, DbErr};
use std::sync::Arc;
use tokio::sync::{Mutex, OwnedMutexGuard};

/// The line; none on PostgreSQL, where many can write.
#[derive(Clone)]
pub(super) struct WriteLock(Option<Arc<Mutex<()>>>);

/// A turn: the next one begins when it is dropped.
pub(super) struct WriteGuard(#[expect(dead_code, reason = "held, not read")] Option<OwnedMutexGuard<()>>);

impl WriteLock {
    pub(super) fn new(connection: &DatabaseConnection) -> Self {
        Self((connection.get_database_backend() == DatabaseBackend::Sqlite).then(Arc::default))
    }

    /// Waits for a turn, in the order in which they are asked for; not forever.
    pub(super) async fn acquire(&self) -> Result<WriteGuard, StoreError> {
        let Some(mutex) = &self.0 else { return Ok(WriteGuard(None)) };
        let guard = tokio::time::timeout(RESPONSE_TIMEOUT, Arc::clone(mutex).lock_owned()).await;
        guard
            .map(|guard| WriteGuard(Some(guard)))
            .map_err(|_| DbErr::ConnectionAcquire(ConnAcquireErr::Timeout).into())
    }
}
