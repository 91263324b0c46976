//! Time, randomness, and timers.

use futures::channel::oneshot;
use latchkey_shared::Timestamp;
use leptos::prelude::{TimeoutHandle, set_timeout_with_handle};
use std::time::Duration;

/// Returns the browser's time.
pub fn now() -> Timestamp {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the browser counts whole milliseconds, far below 2^53"
    )]
    Timestamp::from_millis(js_sys::Date::now() as i64)
}

/// Returns a random number from 0 to 1.
pub fn random() -> f64 {
    js_sys::Math::random()
}

/// Waits for `pause`.
pub async fn wait(pause: Duration) {
    let (done, over) = oneshot::channel::<()>();
    let _timer = Timer::after(pause, move || drop(done));
    let _ = over.await;
}

/// Timer that is cancelled when dropped.
pub struct Timer(Option<TimeoutHandle>);

impl Timer {
    /// Runs `work` after `pause`, capped at 24 days: browsers cannot wait longer at once.
    pub fn after(pause: Duration, work: impl FnOnce() + 'static) -> Self {
        const LONGEST: Duration = Duration::from_millis(i32::MAX as u64);
        Self(set_timeout_with_handle(work, pause.min(LONGEST)).ok())
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let Some(handle) = self.0.take() {
            handle.clear();
        }
    }
}
