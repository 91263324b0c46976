//! Polling for the effects of background tasks or of another program, which take real time.

use std::time::{Duration, Instant};

/// Timeout, longer than anything here takes; only a failure reaches it.
pub const TIMEOUT: Duration = Duration::from_secs(120);

/// Waits until `is_so` returns `true`, and returns the time that took. Panics after [`TIMEOUT`].
pub async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) -> Duration {
    let start = Instant::now();
    while !is_so().await {
        assert!(start.elapsed() < TIMEOUT, "{what}: never");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    start.elapsed()
}
