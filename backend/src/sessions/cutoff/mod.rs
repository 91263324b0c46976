//! Cutoffs: they end more sessions than one statement may update. A cutoff is one row that ends all sessions of the
//! account that have an older epoch, from the moment of its commit. The sessions' own rows are written afterwards, in
//! batches.
//!
//! Access tokens do not carry their session's epoch. While a cutoff is stored, the sessions of its account's tokens are
//! looked up in the database; all other tokens are checked without it.

mod store;

pub(super) use store::insert_cutoff as insert;

use crate::accounts;
use crate::db::StoreError;
use crate::platform::OutageLog;
use crate::sessions::Sessions;
use latchkey_shared::{EndReason, Timestamp};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use uuid::Uuid;

/// Delay after a database failure.
const RETRY_DELAY: Duration = Duration::from_secs(1);
/// Interval at which cutoffs that another server has left unfinished are looked up.
const POLL_INTERVAL: Duration = Duration::from_secs(60);

/// An end of all sessions of an account that have an older epoch.
#[derive(Debug, Clone, Copy)]
pub struct Cutoff {
    /// Account of the sessions.
    pub account_id: Uuid,
    /// First epoch whose sessions stay active.
    pub epoch: i64,
    /// Reason of the end.
    pub reason: EndReason,
    /// Time of the end.
    pub at: Timestamp,
}

/// Accounts whose tokens require a database lookup, each for as long as an access token from before its cutoff could
/// still be valid.
#[derive(Default)]
pub struct Cutoffs {
    is_any: AtomicBool,
    accounts: Mutex<HashMap<Uuid, (EndReason, Duration)>>,
    wake: Notify,
}

impl Cutoffs {
    /// Returns the reason of the account's cutoff, if it had one recently.
    pub fn reason(&self, account_id: Uuid) -> Option<EndReason> {
        // The usual case: token checks then do not wait for each other's lock.
        if !self.is_any.load(Ordering::Acquire) {
            return None;
        }
        self.accounts().get(&account_id).map(|(reason, _)| *reason)
    }

    /// Adds a cutoff that is stored `now` (monotonic time) and wakes the worker that writes its rows.
    pub fn add(&self, account_id: Uuid, reason: EndReason, now: Duration) {
        self.note(account_id, reason, now);
        self.wake.notify_one();
    }

    fn note(&self, account_id: Uuid, reason: EndReason, now: Duration) {
        self.accounts().insert(account_id, (reason, now));
        self.is_any.store(true, Ordering::Release);
    }

    /// Loads all stored cutoffs.
    pub async fn load(&self, service: &Sessions) -> Result<(), StoreError> {
        let now = service.clock.elapsed();
        for cutoff in store::list_cutoffs(service.db.executor()).await? {
            self.note(cutoff.account_id, cutoff.reason, now);
        }
        Ok(())
    }

    /// Evicts cutoffs that were last seen in the database `retention` or longer ago.
    pub fn evict_after(&self, retention: Duration, now: Duration) {
        let mut accounts = self.accounts();
        accounts.retain(|_, (_, noted_at)| now.saturating_sub(*noted_at) < retention);
        self.is_any.store(!accounts.is_empty(), Ordering::Release);
    }

    fn accounts(&self) -> MutexGuard<'_, HashMap<Uuid, (EndReason, Duration)>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes the rows of sessions that cutoffs have ended: this server's at once, and those that a stopped server has
/// left.
pub async fn run_worker(service: Sessions) {
    let mut outage = OutageLog::default();
    loop {
        match apply_cutoffs(&service).await {
            Ok(()) => {
                if outage.record_success() {
                    tracing::info!("Sessions that were ended in number can be written down again");
                }
                tokio::select! {
                    () = service.revocations.cutoffs.wake.notified() => {}
                    () = tokio::time::sleep(POLL_INTERVAL) => {}
                }
            }
            Err(error) => {
                if outage.record_failure() {
                    tracing::warn!(%error, "Cannot write down sessions that were ended in number; trying until it can be done");
                }
                tokio::time::sleep(RETRY_DELAY).await;
            }
        }
    }
}

async fn apply_cutoffs(service: &Sessions) -> Result<(), StoreError> {
    for cutoff in store::list_cutoffs(service.db.executor()).await? {
        match cutoff.reason {
            EndReason::AccountDeleted => erase(service, cutoff.account_id).await?,
            _ => while mark_batch(service, &cutoff).await? {},
        }
        // Until then a server that starts could receive an access token from before the cutoff.
        if cutoff.at
            < service.clock.now().min(service.monotonic_now()) - super::revocations::retention(service)
        {
            let transaction = service.db.begin().await?;
            store::delete_cutoff(transaction.executor(), &cutoff).await?;
            transaction.commit().await?;
        }
    }
    Ok(())
}

/// Writes a batch of the rows. Returns whether there may be more.
async fn mark_batch(service: &Sessions, cutoff: &Cutoff) -> Result<bool, StoreError> {
    let transaction = service.db.begin().await?;
    super::store::lock_account(transaction.executor(), cutoff.account_id).await?;
    let marked = store::mark_cutoff_rows(transaction.executor(), cutoff).await?;
    transaction.commit().await?;
    (0..marked).for_each(|_| service.revocations.counts().add(cutoff.reason));
    Ok(marked == super::store::BATCH_SIZE)
}

/// Deletes the rest of an account: its sessions in batches, then its own row.
async fn erase(service: &Sessions, account_id: Uuid) -> Result<(), StoreError> {
    loop {
        let transaction = service.db.begin().await?;
        super::store::lock_account(transaction.executor(), account_id).await?;
        let may_be_more = store::delete_batch(transaction.executor(), account_id).await?;
        if !may_be_more {
            accounts::delete_tombstone(transaction.executor(), account_id).await?;
        }
        transaction.commit().await?;
        if !may_be_more {
            return Ok(());
        }
    }
}
