use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

/// Runs a future and returns its output, or `None` if it panics: a defect, which the panic hook logs. State that it
/// leaves behind must be its own, or be protected by locks that handle poisoning.
pub async fn catch_panic<T>(work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
        Ok(done) => done.map(Some),
        Err(_panic) => Poll::Ready(None),
    })
    .await
}
