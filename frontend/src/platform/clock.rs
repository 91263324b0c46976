//! Time, chance, and waiting.

use futures::channel::oneshot;
use latchkey_shared::Timestamp;
use leptos::prelude::{TimeoutHandle, set_timeout_with_handle};
use std::time::Duration;

/// The browser's clock.
pub fn now() -> Timestamp {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the browser counts whole milliseconds, far below 2^53"
    )]
    Timestamp::from_millis(js_sys::Date::now() as i64)
}

/// A number from 0 to 1.
pub fn random() -> f64 {
    js_sys::Math::random()
}

/// Waits.
pub async fn wait(pause: Duration) {
    let (done, over) = oneshot::channel::<()>();
    let _timer = Timer::after(pause, move || drop(done));
    let _ = over.await;
}

/// A timer that does not outlive its owner.
pub struct Timer(Option<TimeoutHandle>);

impl Timer {
    /// Does `work` after `pause`; browsers cannot wait longer than 24 days at once.
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
