//! Synchronization of counters between the servers of one database. Each server decides by the counts in its memory; it
//! writes its own changes and reads those of the others in the background, so that no request waits for this. A success
//! without failures before it changes nothing and writes nothing.

use super::counter_key::CounterKey;
use super::pending_changes::{CounterChanges, PendingChanges};
use super::store;
use crate::authentication::Authentication;
use crate::db::StoreError;
use crate::platform::{OutageLog, SKEW};
use latchkey_shared::Timestamp;
use std::time::Duration;

/// Interval at which a server writes its changes and reads those of the others.
const SYNC_INTERVAL: Duration = Duration::from_millis(400);
/// Overlap of consecutive reads: the servers' estimates of the database's time differ slightly, and a commit takes a
/// while.
const OVERLAP: Duration = SKEW.saturating_add(Duration::from_secs(10));
/// Maximum number of counts that one statement writes.
const BATCH_SIZE: usize = 500;
/// Maximum number of counts read per sync.
const MAX_READ_PER_SYNC: u64 = 5_000;
/// Maximum number of counts read at the start.
const MAX_READ_AT_START: u64 = 100_000;
/// Number of counts after which a server writes no more within an hour: what comes beyond that, from an implausible
/// number of networks, is counted on each server alone.
const MAX_WRITTEN_PER_HOUR: usize = 200_000;
const HOUR: Duration = Duration::from_secs(60 * 60);

/// Loads the counts from before this server started.
pub async fn load_counters(service: &Authentication) -> Result<(), StoreError> {
    read(service, Timestamp::from_millis(0), MAX_READ_AT_START).await
}

/// Writes the pending changes in batches. Returns the number of counts written; on an error the unwritten changes stay
/// pending.
pub async fn flush_counters(service: &Authentication) -> Result<usize, StoreError> {
    let mut written = 0;
    loop {
        let mut in_flight = InFlightChanges {
            pending: &service.throttle.pending,
            changes: service.throttle.pending.take(BATCH_SIZE),
        };
        if in_flight.changes.is_empty() {
            return Ok(written);
        }
        write(service, &in_flight.changes).await?;
        written += std::mem::take(&mut in_flight.changes).len();
    }
}

/// Changes that are being written. On drop, the unwritten ones become pending again, also when a server that stops
/// cancels the write.
struct InFlightChanges<'a> {
    pending: &'a PendingChanges,
    changes: Vec<(CounterKey, CounterChanges)>,
}

impl Drop for InFlightChanges<'_> {
    fn drop(&mut self) {
        self.pending.put_back(std::mem::take(&mut self.changes));
    }
}

/// Writes changes. Each server counts by its own clock; the table stores times by the database's clock.
async fn write(service: &Authentication, changes: &[(CounterKey, CounterChanges)]) -> Result<(), StoreError> {
    let own = service.monotonic_now();
    let shared = |last| service.database_clock.from_local_time(last, own);
    let changes: Vec<_> = changes
        .iter()
        .map(|(key, changes)| (*key, CounterChanges { last: shared(changes.last), ..*changes }))
        .collect();
    let transaction = service.db.begin().await?;
    store::insert_changes(transaction.executor(), &changes, service.database_clock.now()).await?;
    transaction.commit().await
}

async fn read(service: &Authentication, since: Timestamp, most: u64) -> Result<(), StoreError> {
    let own = service.monotonic_now();
    for stored_counter in store::list_counters(service.db.executor(), since, most).await? {
        let last = service.database_clock.to_local_time(stored_counter.last, own);
        service.throttle.apply_shared_count(stored_counter.key, stored_counter.wrong, last, own);
    }
    Ok(())
}

/// Writes and reads counts for as long as the server runs.
pub async fn run_counter_sync(service: Authentication) {
    let mut synced_at = service.database_clock.now();
    let (mut swept_at, mut written) = (tokio::time::Instant::now(), 0);
    let mut outage = OutageLog::default();
    loop {
        tokio::time::sleep(SYNC_INTERVAL).await;
        let now = service.database_clock.now();
        if swept_at.elapsed() >= HOUR {
            (swept_at, written) = (tokio::time::Instant::now(), 0);
            sweep(&service).await;
        }
        let told = async {
            if written < MAX_WRITTEN_PER_HOUR {
                written += flush_counters(&service).await?;
            }
            read(&service, synced_at - OVERLAP, MAX_READ_PER_SYNC).await
        };
        match told.await {
            Ok(()) => {
                synced_at = now;
                if outage.record_success() {
                    tracing::info!("Wrong tries are shared with the other servers again");
                }
            }
            Err(error) => {
                if outage.record_failure() {
                    tracing::warn!(%error, "Wrong tries cannot be shared with the other servers; each counts its own");
                }
            }
        }
    }
}

async fn sweep(service: &Authentication) {
    let limit = service.database_clock.now() - service.longest_wait;
    let swept = async {
        let transaction = service.db.begin().await?;
        store::delete_forgiven(transaction.executor(), limit).await?;
        transaction.commit().await
    };
    if let Err(error) = swept.await {
        tracing::warn!(%error, "Cannot delete wrong tries that are forgiven; trying again in an hour");
    }
}
