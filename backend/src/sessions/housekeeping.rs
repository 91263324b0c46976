//! What the sessions need done beside the requests.

use super::list::REMEMBERED;
use super::{cutoff, end, ended, seen, shared_time, store};
use crate::accounts;
use crate::app::App;
use crate::db::StoreError;
use latchkey_shared::Timestamp;
use std::collections::HashMap;
use std::time::Duration;
use tokio::task::JoinSet;
use uuid::Uuid;

const HOUR: Duration = Duration::from_secs(60 * 60);

/// Loads what must be known before the first request, and starts the tasks. They stop when the set is dropped.
pub async fn run(app: &App) -> Result<JoinSet<()>, StoreError> {
    app.ended.load(app, app.clock.now() - ended::memory(app)).await?;
    let mut tasks = JoinSet::new();
    tasks.spawn(ended::listen(app.clone()));
    tasks.spawn(ended::follow(app.clone(), ended::POLL));
    tasks.spawn(seen::follow(app.clone()));
    tasks.spawn(shared_time::follow(app.clone()));
    tasks.spawn(cutoff::follow(app.clone()));
    tasks.spawn(sweep(app.clone()));
    Ok(tasks)
}

/// Deletes what nobody can ask for any more. A clock that is set forward while the server runs makes nothing old; one that
/// was wrong when it started has an hour to be corrected.
async fn sweep(app: App) {
    let mut is_first = true;
    loop {
        if let Err(error) = end_crowds(&app).await {
            tracing::warn!(%error, "Cannot end sessions beyond sessions.per_account; trying again in an hour");
        }
        let swept = match is_first {
            true => sweep_at_start(&app).await,
            false => sweep_once(&app, true).await,
        };
        if let Err(error) = swept {
            tracing::warn!(%error, "Cannot delete old sessions; trying again in an hour");
        }
        is_first = false;
        tokio::time::sleep(HOUR).await;
    }
}

/// Brings accounts down to the number of sessions that may live at once: where a sign-in did not get to it, and where that
/// number was greater before.
async fn end_crowds(app: &App) -> Result<(), StoreError> {
    let most = app.config.sessions.per_account;
    let mut after = Some(Uuid::nil());
    while let Some(last) = after {
        let (crowded, next) = end::list_crowded(app.db.executor(), most, last).await?;
        for account_id in crowded {
            end::beyond_most(app, account_id, None).await?;
        }
        after = next;
    }
    Ok(())
}

/// Where nothing has been written for as long as sessions are kept, the clock may be the one that is wrong.
async fn sweep_at_start(app: &App) -> Result<(), StoreError> {
    match store::last_written(app.db.executor()).await? {
        Some(last) if last + REMEMBERED < app.clock.now() => Ok(()),
        _ => sweep_once(app, false).await,
    }
}

async fn sweep_once(app: &App, with_ends: bool) -> Result<(), StoreError> {
    let now = app.clock.now().min(app.steady_now());
    delete_sessions(app, now).await?;
    if with_ends {
        let transaction = app.db.begin().await?;
        end::delete_ends(transaction.executor(), now - ended::memory(app)).await?;
        transaction.commit().await?;
    }
    Ok(())
}

async fn delete_sessions(app: &App, now: Timestamp) -> Result<(), StoreError> {
    let mut after = Uuid::nil();
    loop {
        let over = store::list_over(app.db.executor(), now - REMEMBERED, after).await?;
        let Some(last) = over.last() else { break };
        after = last.id;
        let mut latest = HashMap::new();
        for session in &over {
            let latest = latest.entry(session.account_id).or_insert(session.created_at);
            *latest = (*latest).max(session.created_at);
        }
        // Until now the sessions were what said when somebody last signed in.
        let signed_in = latest.into_iter().map(|(account_id, at)| accounts::SignedIn { account_id, at });
        app.db.write_all(&signed_in.collect::<Vec<_>>()).await?;
        let transaction = app.db.begin().await?;
        store::delete_sessions(transaction.executor(), over.iter().map(|session| session.id)).await?;
        transaction.commit().await?;
    }
    Ok(())
}
