//! Waiting for what happens beside the calls, or in another program: that takes real time.

use std::time::{Duration, Instant};

/// Longer than anything here takes; only a failure waits for it.
pub const TIMEOUT: Duration = Duration::from_secs(120);

/// How long it takes until this is so.
pub async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) -> Duration {
    let start = Instant::now();
    while !is_so().await {
        assert!(start.elapsed() < TIMEOUT, "{what}: never");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    start.elapsed()
}
