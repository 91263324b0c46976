//! Writers take turns. SQLite lets one write at a time and makes the others look again and again, in growing pauses: under
//! load some would never find the moment. Here they stand in line.

use super::StoreError;
use super::bounded::PATIENCE;
use sea_orm::{ConnAcquireErr, DatabaseBackend, DatabaseConnection, DbErr};
use std::sync::Arc;
use tokio::sync::{Mutex, OwnedMutexGuard};

/// The line; none on PostgreSQL, where many can write.
#[derive(Clone)]
pub(super) struct Turns(Option<Arc<Mutex<()>>>);

/// A turn: the next one begins when it is dropped.
pub(super) struct Turn(#[expect(dead_code, reason = "held, not read")] Option<OwnedMutexGuard<()>>);

impl Turns {
    pub(super) fn on(connection: &DatabaseConnection) -> Self {
        Self((connection.get_database_backend() == DatabaseBackend::Sqlite).then(Arc::default))
    }

    /// Waits for a turn, in the order in which they are asked for; not forever.
    pub(super) async fn next(&self) -> Result<Turn, StoreError> {
        let Some(line) = &self.0 else { return Ok(Turn(None)) };
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(line).lock_owned()).await;
        turn.map(|turn| Turn(Some(turn)))
            .map_err(|_| DbErr::ConnectionAcquire(ConnAcquireErr::Timeout).into())
    }
}
