//! Which generations have been seen in use. The verifier notes them here, off the request's path; a task writes them
//! down.

use super::rotation::Generation;
use super::store;
use crate::app::App;
use crate::db::{Executor, StoreError, Write};
use crate::platform::Trouble;
use latchkey_shared::Timestamp;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use uuid::Uuid;

/// After the database has failed.
const PAUSE: Duration = Duration::from_secs(1);

type Notes = HashMap<Uuid, (Generation, Timestamp)>;

/// An access token of this generation was used.
#[derive(Clone)]
pub struct Seen {
    /// Of which session.
    pub(super) session_id: Uuid,
    /// Which generation it was of.
    pub(super) generation: Generation,
    /// When it was met.
    pub(super) at: Timestamp,
}

impl Write for Seen {
    type Answer = ();
    async fn carry_out(db: &impl Executor, seen: &[Self]) -> Result<Vec<()>, StoreError> {
        store::mark_seen(db, seen).await?;
        Ok(vec![(); seen.len()])
    }
}

/// What has been met and not yet been written down.
#[derive(Default)]
pub struct SeenGenerations {
    notes: Mutex<Notes>,
    more: Notify,
}

impl SeenGenerations {
    /// Notes that an access token of this generation was used.
    pub fn note(&self, session_id: Uuid, generation: Generation, at: Timestamp) {
        let mut notes = self.notes();
        let latest = notes.entry(session_id).or_insert((generation, at));
        *latest = (*latest).max((generation, at));
        drop(notes);
        self.more.notify_one();
    }

    /// The latest generation that was met and not yet been written down.
    pub fn pending(&self, session_id: Uuid) -> Option<Generation> {
        self.notes().get(&session_id).map(|(generation, _)| *generation)
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes down all that has been noted.
    pub async fn write_down(&self, app: &App) -> Result<(), StoreError> {
        let batch: Notes = self.notes().clone();
        let seen = batch.iter().map(|(session_id, (generation, at))| Seen {
            session_id: *session_id,
            generation: *generation,
            at: *at,
        });
        app.db.write_all(&seen.collect::<Vec<_>>()).await?;
        // Only now: until it is in the database, `pending` answers for it.
        self.notes().retain(|id, note| batch.get(id) != Some(note));
        Ok(())
    }
}

/// Writes down what is noted, as it comes.
pub async fn follow(app: App) {
    let mut trouble = Trouble::default();
    loop {
        app.seen.more.notified().await;
        while let Err(error) = app.seen.write_down(&app).await {
            if trouble.begins() {
                tracing::warn!(%error, "Cannot write down which tokens were used; trying until it can be done");
            }
            tokio::time::sleep(PAUSE).await;
        }
        if trouble.ends() {
            tracing::info!("It can be written down again which tokens were used");
        }
    }
}
