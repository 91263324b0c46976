//! Lock for writers on SQLite, in order of arrival. SQLite allows one writer at a time and makes the others retry at
//! growing intervals: under load some would never succeed.

use super::error::StoreError;
use super::timeouts;
use sea_orm::{ConnAcquireErr, DatabaseBackend, DatabaseConnection, DbErr};
use std::sync::Arc;
use tokio::sync::{Mutex, OwnedMutexGuard};

/// The write lock; `None` on PostgreSQL, where many can write.
#[derive(Clone)]
pub(super) struct WriteLock(Option<Arc<Mutex<()>>>);

/// Guard of the write lock, which is released when this is dropped.
pub(super) struct WriteGuard(#[expect(dead_code, reason = "held, not read")] Option<OwnedMutexGuard<()>>);

impl WriteLock {
    pub(super) fn new(connection: &DatabaseConnection) -> Self {
        Self((connection.get_database_backend() == DatabaseBackend::Sqlite).then(Arc::default))
    }

    /// Acquires the lock, in order of arrival. Fails after [`timeouts::RESPONSE`].
    pub(super) async fn acquire(&self) -> Result<WriteGuard, StoreError> {
        let Some(mutex) = &self.0 else { return Ok(WriteGuard(None)) };
        let guard = tokio::time::timeout(timeouts::RESPONSE, Arc::clone(mutex).lock_owned()).await;
        guard
            .map(|guard| WriteGuard(Some(guard)))
            .map_err(|_| DbErr::ConnectionAcquire(ConnAcquireErr::Timeout).into())
    }
}
