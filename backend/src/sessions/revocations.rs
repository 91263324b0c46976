//! In-memory set of ended sessions, each kept for as long as one of its access tokens could still be valid. Every token
//! check reads it, so revocation is immediate although access tokens are stateless.

use super::cutoff::Cutoffs;
use super::revoke;
use crate::db::StoreError;
use crate::metrics::OutcomeCounter;
use crate::platform::{Clock, OutageLog, SKEW, Shards};
use crate::sessions::Sessions;
use latchkey_shared::{Claims, EndReason, Timestamp};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::Notify;
use uuid::Uuid;

/// Notification channel on which servers announce that sessions have ended.
pub const CHANNEL: &str = "latchkey_ended_sessions";
/// Interval at which servers that share a database poll for each other's revocations.
pub const REVOCATION_POLL_INTERVAL: Duration = Duration::from_millis(500);
/// Maximum duration of a transaction that ends sessions: its rows carry the time of its start.
const LONGEST_COMMIT: Duration = Duration::from_secs(60);
/// Overlap of each poll with the previous one.
const OVERLAP: Duration = SKEW.saturating_add(LONGEST_COMMIT);

struct Revocation {
    reason: EndReason,
    /// When this server learned of it, in monotonic time: a leap of the clock must not evict it early.
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
    /// Returns an empty set.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            set: Shards::default(),
            wake: Notify::default(),
            counts: OutcomeCounter::default(),
            cutoffs: Cutoffs::default(),
        }
    }

    /// Returns the reason of the session's end, if it ended recently.
    pub fn reason(&self, session_id: Uuid) -> Option<EndReason> {
        let shard = self.shard(session_id).read().unwrap_or_else(PoisonError::into_inner);
        shard.get(&session_id).map(|revocation| revocation.reason)
    }

    /// Returns the number of sessions that this server has ended, by reason.
    pub fn counts(&self) -> &OutcomeCounter<EndReason> {
        &self.counts
    }

    /// Adds sessions that this server has ended. To be called after the commit.
    pub fn add(&self, session_ids: &[Uuid], reason: EndReason) {
        session_ids.iter().for_each(|_| self.counts.add(reason));
        self.record(session_ids, reason);
    }

    /// Adds an end of all of an account's sessions that this server has committed.
    pub fn add_cutoff(&self, account_id: Uuid, reason: EndReason) {
        self.cutoffs.add(account_id, reason, self.clock.elapsed());
    }

    fn record(&self, session_ids: &[Uuid], reason: EndReason) {
        let learned_at = self.clock.elapsed();
        for id in session_ids {
            let mut shard = self.shard(*id).write().unwrap_or_else(PoisonError::into_inner);
            shard.entry(*id).or_insert(Revocation { reason, learned_at });
        }
    }

    /// Evicts what has been known for `retention` or longer.
    fn evict_after(&self, retention: Duration) {
        let now = self.clock.elapsed();
        self.cutoffs.evict_after(retention, now);
        for shard in self.set.all() {
            let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
            shard.retain(|_, revocation| now.saturating_sub(revocation.learned_at) < retention);
        }
    }

    /// Returns the shard of a session, selected by the last byte of its id, which is random in every UUID version in
    /// use.
    fn shard(&self, session_id: Uuid) -> &RwLock<HashMap<Uuid, Revocation>> {
        let [.., last] = session_id.into_bytes();
        self.set.shard(last)
    }

    /// Loads the sessions that any server has ended after `since`, and all cutoffs.
    pub async fn load(&self, service: &Sessions, since: Timestamp) -> Result<(), StoreError> {
        for (id, reason) in revoke::list_revocations(service.db.executor(), since).await? {
            self.record(&[id], reason);
        }
        self.cutoffs.load(service).await
    }
}

/// Returns the reason of the end of a session that is not in the database any more, if it still is in memory.
pub(super) fn recent_reason(service: &Sessions, session_id: Uuid, account_id: Uuid) -> Option<EndReason> {
    service.revocations.reason(session_id).or_else(|| service.revocations.cutoffs.reason(account_id))
}

/// Returns the reason of the end of an access token's session, if it ended recently. Reads the database only if the
/// account has a cutoff.
pub async fn reason(service: &Sessions, claims: &Claims) -> Result<Option<EndReason>, StoreError> {
    if let Some(reason) = service.revocations.reason(claims.sid) {
        return Ok(Some(reason));
    }
    let Some(reason) = service.revocations.cutoffs.reason(claims.sub) else { return Ok(None) };
    Ok(service.sessions.find(claims.sid).await?.map_or(Some(reason), |session| session.rotation.end_reason))
}

/// Returns the time for which an ended session must be kept.
pub fn retention(service: &Sessions) -> Duration {
    service.config.tokens.access_lifetime + OVERLAP
}

/// Listens for notifications that other servers have ended sessions, and wakes [`poll`].
pub async fn listen(service: Sessions) {
    let mut notifications = service.db.listen(CHANNEL).await;
    loop {
        notifications.next().await;
        service.revocations.wake.notify_one();
    }
}

/// Polls for sessions that other servers have ended: on a notification, and at least at this interval. The next poll
/// makes up for a missed notification or a failed poll.
pub async fn poll(service: Sessions, every: Duration) {
    let mut polled_at = service.clock.now();
    let mut outage = OutageLog::default();
    loop {
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            () = service.revocations.wake.notified() => {}
        }
        let now = service.clock.now();
        // After the clock was set back, new revocations of other servers may carry times before the last poll.
        let since = if now < polled_at { now - retention(&service) } else { polled_at - OVERLAP };
        match service.revocations.load(&service, since).await {
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
        service.revocations.evict_after(retention(&service));
    }
}
