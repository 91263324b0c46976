//! The sessions that have ended, for as long as an access token of theirs could still be shown. Every check asks here,
//! so ending a session is immediate although its tokens are stateless.

use super::cutoff::Cutoffs;
use super::revoke;
use crate::app::App;
use crate::db::StoreError;
use crate::metrics::OutcomeCounter;
use crate::platform::{Clock, OutageLog, SKEW, Shards};
use latchkey_shared::{Claims, EndReason, Timestamp};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::Notify;
use uuid::Uuid;

/// Where servers tell each other that sessions have ended.
pub const CHANNEL: &str = "latchkey_ended_sessions";
/// How often the servers that share a database look for what the others have ended.
pub const REVOCATION_POLL_INTERVAL: Duration = Duration::from_millis(500);
/// How long a transaction may take that ends sessions: what it has written carries the time of its beginning.
const LONGEST_COMMIT: Duration = Duration::from_secs(60);
/// How far back each look reaches.
const OVERLAP: Duration = SKEW.saturating_add(LONGEST_COMMIT);

struct Revocation {
    reason: EndReason,
    /// When this server learnt of it, by the time that passes: a clock that leaps must not make anybody forget.
    learned_at: Duration,
}

/// The set of ended sessions.
pub struct Revocations {
    clock: Arc<dyn Clock>,
    set: Shards<RwLock<HashMap<Uuid, Revocation>>>,
    wake: Notify,
    counts: OutcomeCounter<EndReason>,
    /// Ends of many sessions at once.
    pub cutoffs: Cutoffs,
}

impl Revocations {
    /// None has ended yet.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            set: Shards::default(),
            wake: Notify::default(),
            counts: OutcomeCounter::default(),
            cutoffs: Cutoffs::default(),
        }
    }

    /// Why the session has ended, if it has lately.
    pub fn reason(&self, session_id: Uuid) -> Option<EndReason> {
        let shard = self.shard(session_id).read().unwrap_or_else(PoisonError::into_inner);
        shard.get(&session_id).map(|revocation| revocation.reason)
    }

    /// How many sessions this server has ended, by reason.
    pub fn counts(&self) -> &OutcomeCounter<EndReason> {
        &self.counts
    }

    /// Adds sessions that this server has ended, once that has been committed.
    pub fn add(&self, session_ids: &[Uuid], reason: EndReason) {
        session_ids.iter().for_each(|_| self.counts.add(reason));
        self.record(session_ids, reason);
    }

    fn record(&self, session_ids: &[Uuid], reason: EndReason) {
        let learned_at = self.clock.elapsed();
        for id in session_ids {
            let mut shard = self.shard(*id).write().unwrap_or_else(PoisonError::into_inner);
            shard.entry(*id).or_insert(Revocation { reason, learned_at });
        }
    }

    /// Forgets what has been known for longer than that.
    fn evict_after(&self, retention: Duration) {
        let now = self.clock.elapsed();
        self.cutoffs.evict_after(retention, now);
        for shard in self.set.all() {
            let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
            shard.retain(|_, revocation| now.saturating_sub(revocation.learned_at) < retention);
        }
    }

    /// By the last byte, which is random in every version of our ids.
    fn shard(&self, session_id: Uuid) -> &RwLock<HashMap<Uuid, Revocation>> {
        let [.., last] = session_id.into_bytes();
        self.set.shard(last)
    }

    /// Reads what has ended since `since`, on whichever server.
    pub async fn load(&self, app: &App, since: Timestamp) -> Result<(), StoreError> {
        for (id, reason) in revoke::list_revocations(app.db.executor(), since).await? {
            self.record(&[id], reason);
        }
        self.cutoffs.load(app).await
    }
}

/// Why a session that is not on record any more has ended, if that is still remembered.
pub(super) fn recent_reason(app: &App, session_id: Uuid, account_id: Uuid) -> Option<EndReason> {
    app.revocations.reason(session_id).or_else(|| app.revocations.cutoffs.reason(account_id))
}

/// Why the session of an access token has ended, if it has lately. Reads the database only where sessions of its account
/// were ended in number.
pub async fn reason(app: &App, claims: &Claims) -> Result<Option<EndReason>, StoreError> {
    if let Some(reason) = app.revocations.reason(claims.sid) {
        return Ok(Some(reason));
    }
    let Some(reason) = app.revocations.cutoffs.reason(claims.sub) else { return Ok(None) };
    Ok(app.sessions.find(claims.sid).await?.map_or(Some(reason), |session| session.rotation.end_reason))
}

/// How long an ended session must be remembered.
pub fn retention(app: &App) -> Duration {
    app.config.tokens.access_lifetime + OVERLAP
}

/// Listens for the word that other servers have ended sessions.
pub async fn listen(app: App) {
    let mut notifications = app.db.listen(CHANNEL).await;
    loop {
        notifications.next().await;
        app.revocations.wake.notify_one();
    }
}

/// Looks for what other servers have ended: at their word, and `every` so often in any case. A word that is missed and a
/// look that fails are made up for by the next look.
pub async fn poll(app: App, every: Duration) {
    let mut polled_at = app.clock.now();
    let mut outage = OutageLog::default();
    loop {
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            () = app.revocations.wake.notified() => {}
        }
        let now = app.clock.now();
        // A clock that was set back: what the others have ended since may carry times before the last look.
        let since = if now < polled_at { now - retention(&app) } else { polled_at - OVERLAP };
        match app.revocations.load(&app, since).await {
            Ok(()) => {
                polled_at = now;
                if outage.record_success() {
                    tracing::info!("It can be read again which sessions have ended");
                }
            }
            Err(error) => {
                if outage.record_failure() {
                    tracing::warn!(%error, "Cannot read which sessions have ended; trying until it can be read");
                }
                tokio::time::sleep(REVOCATION_POLL_INTERVAL).await;
            }
        }
        app.revocations.evict_after(retention(&app));
    }
}
