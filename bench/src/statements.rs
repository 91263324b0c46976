//! The baseline for a refresh: the statement that rotates a session, in a loop on one connection, in batches of one
//! commit each.

use crate::people::{RESERVED_PEOPLE, id};
use latchkey::app::App;
use latchkey::db::Executor as _;
use latchkey::platform::{OsRandomness, SystemClock};
use sea_orm::{Statement, Value};
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A time in the far future, in milliseconds since the Unix epoch.
const FAR_FUTURE: i64 = 4_000_000_000_000;

const ROTATE: &str = "UPDATE sessions SET generation = $1, rotated_at = $2, last_seen_at = $3, idle_ends_at = $4, \
                      user_agent = $5, ip = $6 WHERE id = $7 AND generation = $8 AND ended_at IS NULL";

/// Returns the rotations per second on the database that the server is configured to use.
pub async fn per_second(
    seconds: f64,
    batch_size: usize,
    people: u64,
) -> Result<f64, Box<dyn Error + Send + Sync>> {
    let config = latchkey::config::from_environment(None, &[])?;
    let app = App::start(config, Arc::new(SystemClock), Arc::new(OsRandomness)).await?;
    let backend = app.db.executor().get_database_backend();
    let before = people.saturating_sub(RESERVED_PEOPLE);
    let (mut generation, mut number, mut done) = (0_i64, before, 0.0);
    let time = Duration::from_secs_f64(seconds);
    // The last run left the sessions in other generations.
    let reset = "UPDATE sessions SET generation = 0 WHERE id > $1 AND id <= $2";
    let range: [Value; 2] = [id(before).into(), id(people).into()];
    app.db.executor().execute_raw(Statement::from_sql_and_values(backend, reset, range)).await?;
    let start = Instant::now();
    while start.elapsed() < time {
        let transaction = app.db.begin().await?;
        for _ in 0..batch_size {
            number += 1;
            if number > people {
                (number, generation) = (before + 1, generation + 1);
            }
            let values: [Value; 8] = [
                (generation + 1).into(),
                1_i64.into(),
                1_i64.into(),
                FAR_FUTURE.into(),
                "wrk/4".into(),
                "127.0.0.1".into(),
                id(number).into(),
                generation.into(),
            ];
            let rotate = Statement::from_sql_and_values(backend, ROTATE, values);
            done += transaction.executor().execute_raw(rotate).await?.rows_affected() as f64;
        }
        transaction.commit().await?;
    }
    let rate = done / start.elapsed().as_secs_f64();
    app.db.close().await?;
    Ok(rate)
}
