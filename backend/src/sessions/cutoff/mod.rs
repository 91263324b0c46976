//! Ends of more sessions than one statement may touch. A cutoff is one row: all sessions of the account that are of an
//! older epoch have ended, from the moment at which it is committed. Their own rows are written afterwards, in portions.
//!
//! Access tokens do not name their session's epoch. While a cutoff is on record the tokens of its account are looked up
//! in the database; all others are checked without.

mod store;

pub(super) use store::insert_cutoff as insert;

use crate::accounts;
use crate::app::App;
use crate::db::StoreError;
use crate::platform::OutageLog;
use latchkey_shared::{EndReason, Timestamp};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use uuid::Uuid;

/// After the database has failed.
const RETRY_DELAY: Duration = Duration::from_secs(1);
/// How often is looked for what another server has left undone.
const POLL_INTERVAL: Duration = Duration::from_secs(60);

/// An end of all sessions of an account that are of an older epoch.
#[derive(Debug, Clone, Copy)]
pub struct Cutoff {
    /// Whose sessions.
    pub account_id: Uuid,
    /// The first epoch whose sessions go on.
    pub epoch: i64,
    /// Why the others ended.
    pub reason: EndReason,
    /// When.
    pub at: Timestamp,
}

/// The accounts whose tokens have to be looked up, for as long as an access token from before could still be shown.
#[derive(Default)]
pub struct Cutoffs {
    is_any: AtomicBool,
    accounts: Mutex<HashMap<Uuid, (EndReason, Duration)>>,
    wake: Notify,
}

impl Cutoffs {
    /// Why sessions of the account were ended in number, if they were lately.
    pub fn reason(&self, account_id: Uuid) -> Option<EndReason> {
        // Nearly always: no check of a token waits for another one here.
        if !self.is_any.load(Ordering::Acquire) {
            return None;
        }
        self.accounts().get(&account_id).map(|(reason, _)| *reason)
    }

    /// Notes a cutoff that is on record `now`, by the time that passes, and has its rows written.
    pub fn add(&self, account_id: Uuid, reason: EndReason, now: Duration) {
        self.note(account_id, reason, now);
        self.wake.notify_one();
    }

    fn note(&self, account_id: Uuid, reason: EndReason, now: Duration) {
        self.accounts().insert(account_id, (reason, now));
        self.is_any.store(true, Ordering::Release);
    }

    /// Reads which cutoffs are on record.
    pub async fn load(&self, app: &App) -> Result<(), StoreError> {
        let now = app.clock.elapsed();
        for cutoff in store::list_cutoffs(app.db.executor()).await? {
            self.note(cutoff.account_id, cutoff.reason, now);
        }
        Ok(())
    }

    /// Forgets those that have not been on record for longer than that.
    pub fn evict_after(&self, retention: Duration, now: Duration) {
        let mut accounts = self.accounts();
        accounts.retain(|_, (_, noted_at)| now.saturating_sub(*noted_at) < retention);
        self.is_any.store(!accounts.is_empty(), Ordering::Release);
    }

    fn accounts(&self) -> MutexGuard<'_, HashMap<Uuid, (EndReason, Duration)>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes the rows of sessions that cutoffs have ended: at once, and what a server that stopped has left undone.
pub async fn run_worker(app: App) {
    let mut outage = OutageLog::default();
    loop {
        match apply_cutoffs(&app).await {
            Ok(()) => {
                if outage.record_success() {
                    tracing::info!("Sessions that were ended in number can be written down again");
                }
                tokio::select! {
                    () = app.revocations.cutoffs.wake.notified() => {}
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

async fn apply_cutoffs(app: &App) -> Result<(), StoreError> {
    for cutoff in store::list_cutoffs(app.db.executor()).await? {
        match cutoff.reason {
            EndReason::AccountDeleted => erase(app, cutoff.account_id).await?,
            _ => while mark_batch(app, &cutoff).await? {},
        }
        // Until then an access token from before could be shown to a server that starts.
        if cutoff.at < app.clock.now().min(app.monotonic_now()) - super::revocations::retention(app) {
            let transaction = app.db.begin().await?;
            store::delete_cutoff(transaction.executor(), &cutoff).await?;
            transaction.commit().await?;
        }
    }
    Ok(())
}

/// Writes a portion of the rows; whether there may be more.
async fn mark_batch(app: &App, cutoff: &Cutoff) -> Result<bool, StoreError> {
    let transaction = app.db.begin().await?;
    super::store::lock_account(transaction.executor(), cutoff.account_id).await?;
    let marked = store::mark_cutoff_rows(transaction.executor(), cutoff).await?;
    transaction.commit().await?;
    (0..marked).for_each(|_| app.revocations.counts().add(cutoff.reason));
    Ok(marked == super::store::BATCH_SIZE)
}

/// Deletes what is left of an account: its sessions in portions, then itself.
async fn erase(app: &App, account_id: Uuid) -> Result<(), StoreError> {
    loop {
        let transaction = app.db.begin().await?;
        super::store::lock_account(transaction.executor(), account_id).await?;
        let may_be_more = store::delete_batch(transaction.executor(), account_id).await?;
        if !may_be_more {
            accounts::erase(&transaction, account_id).await?;
        }
        transaction.commit().await?;
        if !may_be_more {
            return Ok(());
        }
    }
}
