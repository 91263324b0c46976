//! Background tasks of the sessions.

use super::list::ENDED_RETENTION;
use super::{cutoff, revocations, revoke, store, token_use};
use crate::accounts;
use crate::db::StoreError;
use crate::sessions::Sessions;
use latchkey_shared::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use uuid::Uuid;

const HOUR: Duration = Duration::from_secs(60 * 60);

/// Loads the revocations, which must be known before the first request, and starts the tasks. They stop when the
/// returned set is dropped.
pub async fn run(service: &Sessions) -> Result<JoinSet<()>, StoreError> {
    service.revocations.load(service, service.clock.now() - revocations::retention(service)).await?;
    let mut tasks = JoinSet::new();
    tasks.spawn(revocations::listen(service.clone()));
    tasks.spawn(revocations::poll(service.clone(), revocations::REVOCATION_POLL_INTERVAL));
    tasks.spawn(token_use::run_flusher(service.clone()));
    let database_clock = Arc::clone(&service.database_clock);
    tasks.spawn(async move { database_clock.sync().await });
    tasks.spawn(cutoff::run_worker(service.clone()));
    tasks.spawn(sweep(service.clone()));
    Ok(tasks)
}

/// Enforces the session limit and deletes expired data, every hour. A clock that is set forward while the server runs
/// does not age anything; one that was wrong at the start has an hour to be corrected.
async fn sweep(service: Sessions) {
    let mut is_first = true;
    loop {
        if let Err(error) = enforce_session_limits(&service).await {
            tracing::warn!(%error, "Cannot end sessions beyond sessions.per_account; trying again in an hour");
        }
        let swept = match is_first {
            true => sweep_at_start(&service).await,
            false => sweep_once(&service, true).await,
        };
        if let Err(error) = swept {
            tracing::warn!(%error, "Cannot delete old sessions; trying again in an hour");
        }
        is_first = false;
        tokio::time::sleep(HOUR).await;
    }
}

/// Ends sessions beyond `sessions.per_account` on all accounts: where a sign-in failed to do so, and where the limit
/// was lowered.
async fn enforce_session_limits(service: &Sessions) -> Result<(), StoreError> {
    let limit = service.config.sessions.per_account;
    let mut after = Some(Uuid::nil());
    while let Some(last) = after {
        let (over_limit, next) = revoke::list_over_limit(service.db.executor(), limit, last).await?;
        for account_id in over_limit {
            revoke::enforce_session_limit(service, account_id, None).await?;
        }
        after = next;
    }
    Ok(())
}

/// Sweeps for the first time, unless no session has been used for as long as ended ones are kept: the clock may be
/// wrong.
async fn sweep_at_start(service: &Sessions) -> Result<(), StoreError> {
    match store::last_activity(service.db.executor()).await? {
        Some(last) if last + ENDED_RETENTION < service.clock.now() => Ok(()),
        _ => sweep_once(service, false).await,
    }
}

async fn sweep_once(service: &Sessions, with_revocations: bool) -> Result<(), StoreError> {
    let now = service.clock.now().min(service.monotonic_now());
    delete_sessions(service, now).await?;
    if with_revocations {
        let transaction = service.db.begin().await?;
        revoke::delete_revocations(transaction.executor(), now - revocations::retention(service)).await?;
        transaction.commit().await?;
    }
    Ok(())
}

async fn delete_sessions(service: &Sessions, now: Timestamp) -> Result<(), StoreError> {
    let mut after = Uuid::nil();
    loop {
        let purgeable = store::list_purgeable(service.db.executor(), now - ENDED_RETENTION, after).await?;
        let Some(last) = purgeable.last() else { break };
        after = last.id;
        let mut latest = HashMap::new();
        for session in &purgeable {
            let latest = latest.entry(session.account_id).or_insert(session.created_at);
            *latest = (*latest).max(session.created_at);
        }
        // Until now only the sessions recorded the time of the last sign-in.
        let signed_in = latest.into_iter().map(|(account_id, at)| accounts::LastSignIn { account_id, at });
        service.db.write_all(&signed_in.collect::<Vec<_>>()).await?;
        let transaction = service.db.begin().await?;
        store::delete_sessions(transaction.executor(), purgeable.iter().map(|session| session.id)).await?;
        transaction.commit().await?;
    }
    Ok(())
}
