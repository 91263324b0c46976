//! The counts of all servers of one database. Each server decides by what it has in memory; what it counts it writes down
//! beside the calls, and what the others have counted it reads. A right try after no wrong one is no news: it writes nothing,
//! and nobody waits for any of this.

use super::key::Key;
use super::news::{News, Pending};
use super::store;
use crate::app::App;
use crate::db::StoreError;
use crate::platform::{SKEW, Trouble};
use latchkey_shared::Timestamp;
use std::time::Duration;

/// How often a server tells what it has counted, and looks for what the others have.
const EVERY: Duration = Duration::from_millis(400);
/// How far back each look reaches: servers know the shared time to a moment, and a commit takes a while.
const OVERLAP: Duration = SKEW.saturating_add(Duration::from_secs(10));
/// How many counts one statement writes.
const PORTION: usize = 500;
/// How many counts a look reads.
const MOST_READ: u64 = 5_000;
/// How many counts a start reads.
const MOST_REMEMBERED: u64 = 100_000;
/// How many counts a server writes in an hour: what comes beyond that, from more networks than anybody has seen, is counted
/// on each server alone.
const MOST_WRITTEN: usize = 200_000;
const HOUR: Duration = Duration::from_secs(60 * 60);

/// Reads what was counted before this server started.
pub async fn remember(app: &App) -> Result<(), StoreError> {
    read(app, Timestamp::from_millis(0), MOST_REMEMBERED).await
}

/// Writes down what was counted, a portion at a time. Returns how many counts that were.
pub async fn write_down(app: &App) -> Result<usize, StoreError> {
    let mut written = 0;
    loop {
        let mut taken = Taken { pending: &app.throttle.pending, news: app.throttle.pending.take(PORTION) };
        if taken.news.is_empty() {
            return Ok(written);
        }
        write(app, &taken.news).await?;
        written += std::mem::take(&mut taken.news).len();
    }
}

/// News that are being told. What has not been told when this goes out of scope is pending again: also where a server that
/// stops breaks off in the middle.
struct Taken<'a> {
    pending: &'a Pending,
    news: Vec<(Key, News)>,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.pending.put_back(std::mem::take(&mut self.news));
    }
}

/// Each server counts by its own clock; the table holds times by the one that they share.
async fn write(app: &App, news: &[(Key, News)]) -> Result<(), StoreError> {
    let (clock, own) = (&*app.clock, app.steady_now());
    let shared = |last| app.shared_time.of_own_clock(last, own, clock);
    let news: Vec<_> =
        news.iter().map(|(key, news)| (*key, News { last: shared(news.last), ..*news })).collect();
    let transaction = app.db.begin().await?;
    store::insert_news(transaction.executor(), &news, app.shared_time.now(clock)).await?;
    transaction.commit().await
}

async fn read(app: &App, since: Timestamp, most: u64) -> Result<(), StoreError> {
    let (clock, own) = (&*app.clock, app.steady_now());
    for counted in store::list_counted(app.db.executor(), since, most).await? {
        let last = app.shared_time.by_own_clock(counted.last, own, clock);
        app.throttle.learn(counted.key, counted.wrong, last, own);
    }
    Ok(())
}

/// Tells the others and listens to them, for as long as the server runs.
pub async fn follow(app: App) {
    let mut looked_at = app.shared_time.now(&*app.clock);
    let (mut swept_at, mut written) = (tokio::time::Instant::now(), 0);
    let mut trouble = Trouble::default();
    loop {
        tokio::time::sleep(EVERY).await;
        let now = app.shared_time.now(&*app.clock);
        if swept_at.elapsed() >= HOUR {
            (swept_at, written) = (tokio::time::Instant::now(), 0);
            sweep(&app).await;
        }
        let told = async {
            if written < MOST_WRITTEN {
                written += write_down(&app).await?;
            }
            read(&app, looked_at - OVERLAP, MOST_READ).await
        };
        match told.await {
            Ok(()) => {
                looked_at = now;
                if trouble.ends() {
                    tracing::info!("Wrong tries are shared with the other servers again");
                }
            }
            Err(error) => {
                if trouble.begins() {
                    tracing::warn!(%error, "Wrong tries cannot be shared with the other servers; each counts its own");
                }
            }
        }
    }
}

async fn sweep(app: &App) {
    let limit = app.shared_time.now(&*app.clock) - app.config.throttle.longest_wait;
    let swept = async {
        let transaction = app.db.begin().await?;
        store::delete_forgiven(transaction.executor(), limit).await?;
        transaction.commit().await
    };
    if let Err(error) = swept.await {
        tracing::warn!(%error, "Cannot delete wrong tries that are forgiven; trying again in an hour");
    }
}
