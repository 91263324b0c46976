//! The sessions that have ended, for as long as an access token of theirs could still be shown. Every check asks here,
//! so ending a session is immediate although its tokens are stateless.

use super::cutoff::Cutoffs;
use super::end;
use crate::app::App;
use crate::db::StoreError;
use crate::metrics::Tally;
use crate::platform::{Clock, SKEW, Shards, Trouble};
use latchkey_shared::{Claims, EndReason, Timestamp};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::Notify;
use uuid::Uuid;

/// Where servers tell each other that sessions have ended.
pub const CHANNEL: &str = "latchkey_ended_sessions";
/// How often the servers that share a database look for what the others have ended.
pub const POLL: Duration = Duration::from_millis(500);
/// How long a transaction may take that ends sessions: what it has written carries the time of its beginning.
const LONGEST_COMMIT: Duration = Duration::from_secs(60);
/// How far back each look reaches.
const OVERLAP: Duration = SKEW.saturating_add(LONGEST_COMMIT);

struct Ended {
    reason: EndReason,
    /// When this server learnt of it, by the time that passes: a clock that leaps must not make anybody forget.
    learnt: Duration,
}

/// The set of ended sessions.
pub struct EndedSessions {
    clock: Arc<dyn Clock>,
    set: Shards<RwLock<HashMap<Uuid, Ended>>>,
    word: Notify,
    counts: Tally<EndReason>,
    /// Ends of many sessions at once.
    pub cutoffs: Cutoffs,
}

impl EndedSessions {
    /// None has ended yet.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            set: Shards::default(),
            word: Notify::default(),
            counts: Tally::default(),
            cutoffs: Cutoffs::default(),
        }
    }

    /// Why the session has ended, if it has lately.
    pub fn reason(&self, session_id: Uuid) -> Option<EndReason> {
        let part = self.part(session_id).read().unwrap_or_else(PoisonError::into_inner);
        part.get(&session_id).map(|ended| ended.reason)
    }

    /// How many sessions this server has ended, by reason.
    pub fn counts(&self) -> &Tally<EndReason> {
        &self.counts
    }

    /// Adds sessions that this server has ended, once that has been committed.
    pub fn add(&self, session_ids: &[Uuid], reason: EndReason) {
        session_ids.iter().for_each(|_| self.counts.add(reason));
        self.remember(session_ids, reason);
    }

    fn remember(&self, session_ids: &[Uuid], reason: EndReason) {
        let learnt = self.clock.elapsed();
        for id in session_ids {
            let mut part = self.part(*id).write().unwrap_or_else(PoisonError::into_inner);
            part.entry(*id).or_insert(Ended { reason, learnt });
        }
    }

    /// Forgets what has been known for longer than that.
    fn forget_after(&self, memory: Duration) {
        let now = self.clock.elapsed();
        self.cutoffs.forget_after(memory, now);
        for part in self.set.all() {
            let mut part = part.write().unwrap_or_else(PoisonError::into_inner);
            part.retain(|_, ended| now.saturating_sub(ended.learnt) < memory);
        }
    }

    /// By the last byte, which is random in every version of our ids.
    fn part(&self, session_id: Uuid) -> &RwLock<HashMap<Uuid, Ended>> {
        let [.., last] = session_id.into_bytes();
        self.set.of(last)
    }

    /// Reads what has ended since `since`, on whichever server.
    pub async fn load(&self, app: &App, since: Timestamp) -> Result<(), StoreError> {
        for (id, reason) in end::list_ended(app.db.executor(), since).await? {
            self.remember(&[id], reason);
        }
        self.cutoffs.load(app).await
    }
}

/// Why a session that is not on record any more has ended, if that is still remembered.
pub(super) fn remembered(app: &App, session_id: Uuid, account_id: Uuid) -> Option<EndReason> {
    app.ended.reason(session_id).or_else(|| app.ended.cutoffs.reason(account_id))
}

/// Why the session of an access token has ended, if it has lately. Reads the database only where sessions of its account
/// were ended in number.
pub async fn reason(app: &App, claims: &Claims) -> Result<Option<EndReason>, StoreError> {
    if let Some(reason) = app.ended.reason(claims.sid) {
        return Ok(Some(reason));
    }
    let Some(reason) = app.ended.cutoffs.reason(claims.sub) else { return Ok(None) };
    Ok(app.sessions.find(claims.sid).await?.map_or(Some(reason), |session| session.facts.ended))
}

/// How long an ended session must be remembered.
pub fn memory(app: &App) -> Duration {
    app.config.tokens.access_lifetime + OVERLAP
}

/// Listens for the word that other servers have ended sessions.
pub async fn listen(app: App) {
    let mut words = app.db.listen(CHANNEL).await;
    loop {
        words.next().await;
        app.ended.word.notify_one();
    }
}

/// Looks for what other servers have ended: at their word, and `every` so often in any case. A word that is missed and a
/// look that fails are made up for by the next look.
pub async fn follow(app: App, every: Duration) {
    let mut looked_at = app.clock.now();
    let mut trouble = Trouble::default();
    loop {
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            () = app.ended.word.notified() => {}
        }
        let now = app.clock.now();
        // A clock that was set back: what the others have ended since may carry times before the last look.
        let since = if now < looked_at { now - memory(&app) } else { looked_at - OVERLAP };
        match app.ended.load(&app, since).await {
            Ok(()) => {
                looked_at = now;
                if trouble.ends() {
                    tracing::info!("It can be read again which sessions have ended");
                }
            }
            Err(error) => {
                if trouble.begins() {
                    tracing::warn!(%error, "Cannot read which sessions have ended; trying until it can be read");
                }
                tokio::time::sleep(POLL).await;
            }
        }
        app.ended.forget_after(memory(&app));
    }
}
