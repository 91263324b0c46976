//! Which generations have been seen in use. The verifier notes them here, off the request's path; a task writes them
//! down.

use super::rotation::Generation;
use super::store;
use crate::app::App;
use crate::db::{BatchWrite, Executor, StoreError};
use crate::platform::OutageLog;
use latchkey_shared::Timestamp;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use uuid::Uuid;

/// After the database has failed.
const RETRY_DELAY: Duration = Duration::from_secs(1);

type PendingUses = HashMap<Uuid, (Generation, Timestamp)>;

/// An access token of this generation was used.
#[derive(Clone)]
pub struct TokenUse {
    /// Of which session.
    pub(super) session_id: Uuid,
    /// Which generation it was of.
    pub(super) generation: Generation,
    /// When it was met.
    pub(super) at: Timestamp,
}

impl BatchWrite for TokenUse {
    type Output = ();
    async fn execute_batch(db: &impl Executor, uses: &[Self]) -> Result<Vec<()>, StoreError> {
        store::mark_used(db, uses).await?;
        Ok(vec![(); uses.len()])
    }
}

/// What has been met and not yet been written down.
#[derive(Default)]
pub struct TokenUseBuffer {
    pending_uses: Mutex<PendingUses>,
    wake: Notify,
}

impl TokenUseBuffer {
    /// Notes that an access token of this generation was used.
    pub fn note(&self, session_id: Uuid, generation: Generation, at: Timestamp) {
        let mut pending_uses = self.pending_uses();
        let latest = pending_uses.entry(session_id).or_insert((generation, at));
        *latest = (*latest).max((generation, at));
        drop(pending_uses);
        self.wake.notify_one();
    }

    /// The latest generation that was met and not yet been written down.
    pub fn pending(&self, session_id: Uuid) -> Option<Generation> {
        self.pending_uses().get(&session_id).map(|(generation, _)| *generation)
    }

    fn pending_uses(&self) -> MutexGuard<'_, PendingUses> {
        self.pending_uses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes down all that has been noted.
    pub async fn flush(&self, app: &App) -> Result<(), StoreError> {
        let batch: PendingUses = self.pending_uses().clone();
        let uses = batch.iter().map(|(session_id, (generation, at))| TokenUse {
            session_id: *session_id,
            generation: *generation,
            at: *at,
        });
        app.db.write_all(&uses.collect::<Vec<_>>()).await?;
        // Only now: until it is in the database, `pending` answers for it.
        self.pending_uses().retain(|id, note| batch.get(id) != Some(note));
        Ok(())
    }
}

/// Writes down what is noted, as it comes.
pub async fn run_flusher(app: App) {
    let mut outage = OutageLog::default();
    loop {
        app.token_use.wake.notified().await;
        while let Err(error) = app.token_use.flush(&app).await {
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
