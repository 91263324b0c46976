//! What the sessions need done beside the requests.

use super::list::REMEMBERED;
use super::{ended, seen, store};
use crate::app::App;
use crate::db::StoreError;
use std::time::Duration;
use tokio::task::JoinSet;

const HOUR: Duration = Duration::from_secs(60 * 60);

/// Loads what must be known before the first request, and starts the tasks. They stop when the set is dropped.
pub async fn run(app: &App) -> Result<JoinSet<()>, StoreError> {
    app.ended.load(app, app.clock.now() - ended::memory(app)).await?;
    let mut tasks = JoinSet::new();
    tasks.spawn(ended::listen(app.clone()));
    tasks.spawn(ended::follow(app.clone()));
    tasks.spawn(seen::follow(app.clone()));
    tasks.spawn(sweep(app.clone()));
    Ok(tasks)
}

/// Deletes what nobody can ask for any more.
async fn sweep(app: App) {
    loop {
        let now = app.clock.now();
        let swept = store::delete_ended(app.db.executor(), now - REMEMBERED, now - ended::memory(&app)).await;
        if let Err(error) = swept {
            tracing::warn!(%error, "Cannot delete old sessions; trying again in an hour");
        }
        tokio::time::sleep(HOUR).await;
    }
}
