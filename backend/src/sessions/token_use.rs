//! Buffer of the token generations that have been used. The verifier adds to it without waiting for the database; a
//! background task writes it to the database.

use super::rotation::Generation;
use super::store;
use crate::db::{BatchWrite, Executor, StoreError};
use crate::platform::OutageLog;
use crate::sessions::Sessions;
use latchkey_shared::Timestamp;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use uuid::Uuid;

/// Delay after a database failure.
const RETRY_DELAY: Duration = Duration::from_secs(1);

type PendingUses = HashMap<Uuid, (Generation, Timestamp)>;

/// Use of an access token, as written to the database.
#[derive(Clone)]
pub struct TokenUse {
    /// Session of the token.
    pub(super) session_id: Uuid,
    /// Generation of the token.
    pub(super) generation: Generation,
    /// Time of the use.
    pub(super) at: Timestamp,
}

impl BatchWrite for TokenUse {
    type Output = ();
    async fn execute_batch(db: &impl Executor, uses: &[Self]) -> Result<Vec<()>, StoreError> {
        store::mark_used(db, uses).await?;
        Ok(vec![(); uses.len()])
    }
}

/// The latest use of each session that has not been written to the database yet.
#[derive(Default)]
pub struct TokenUseBuffer {
    pending_uses: Mutex<PendingUses>,
    wake: Notify,
}

impl TokenUseBuffer {
    /// Adds the use of an access token of this generation.
    pub fn note(&self, session_id: Uuid, generation: Generation, at: Timestamp) {
        let mut pending_uses = self.pending_uses();
        let latest = pending_uses.entry(session_id).or_insert((generation, at));
        *latest = (*latest).max((generation, at));
        drop(pending_uses);
        self.wake.notify_one();
    }

    /// Returns the latest generation of the session whose use has not been written to the database yet.
    pub fn pending(&self, session_id: Uuid) -> Option<Generation> {
        self.pending_uses().get(&session_id).map(|(generation, _)| *generation)
    }

    fn pending_uses(&self) -> MutexGuard<'_, PendingUses> {
        self.pending_uses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the buffer to the database.
    pub async fn flush(&self, service: &Sessions) -> Result<(), StoreError> {
        let batch: PendingUses = self.pending_uses().clone();
        let uses = batch.iter().map(|(session_id, (generation, at))| TokenUse {
            session_id: *session_id,
            generation: *generation,
            at: *at,
        });
        service.db.write_all(&uses.collect::<Vec<_>>()).await?;
        // Removed only now: until a use is in the database, `pending` must return it. A newer one stays for the next
        // flush.
        self.pending_uses().retain(|id, note| batch.get(id) != Some(note));
        Ok(())
    }
}

/// Flushes the buffer whenever something is added to it, with retries after failures. Never returns.
pub async fn run_flusher(service: Sessions) {
    let mut outage = OutageLog::default();
    loop {
        service.token_use.wake.notified().await;
        while let Err(error) = service.token_use.flush(&service).await {
            if outage.record_failure() {
                tracing::warn!(%error, "Cannot write down which tokens were used; trying until it can be done");
            }
            tokio::time::sleep(RETRY_DELAY).await;
        }
        if outage.record_success() {
            tracing::info!("It can be written down again which tokens were used");
        }
    }
}
