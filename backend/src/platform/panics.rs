use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

/// What it comes to, or `None` when it panics: a defect, told to the log by the panic itself. What it leaves behind must
/// belong to it alone, or be guarded by locks that take a panic into account.
pub async fn catch_panic<T>(work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
        Ok(done) => done.map(Some),
        Err(_panic) => Poll::Ready(None),
    })
    .await
}
