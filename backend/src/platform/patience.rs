//! A connection's timer. Its one entry with the runtime is used again for every request, and put off only once it is over:
//! to register and cancel one each time takes the lock of all timers twice, which a checked call would feel.

use hyper::rt::{Sleep as HyperSleep, Timer};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::time::Sleep;

/// An entry with the runtime, and when it is over.
struct Entry {
    sleep: Pin<Box<Sleep>>,
    over_at: Instant,
}

/// Times one connection, which waits for one thing at a time.
#[derive(Default)]
pub struct Patience(Arc<Mutex<Option<Entry>>>);

impl Timer for Patience {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn HyperSleep>> {
        self.sleep_until(self.now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn HyperSleep>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        // One that is over too early is put off when that happens; one that would be over too late is of no use.
        let entry = kept.filter(|entry| entry.over_at <= deadline).unwrap_or_else(|| Entry {
            sleep: Box::pin(tokio::time::sleep_until(deadline.into())),
            over_at: deadline,
        });
        Box::pin(Waiting { deadline, entry: Some(entry), place: Arc::clone(&self.0) })
    }

    fn now(&self) -> Instant {
        tokio::time::Instant::now().into()
    }
}

/// Waits; what it waited with goes back to its place.
struct Waiting {
    deadline: Instant,
    entry: Option<Entry>,
    place: Arc<Mutex<Option<Entry>>>,
}

impl HyperSleep for Waiting {}

impl Future for Waiting {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let deadline = self.deadline;
        let Some(entry) = &mut self.entry else { return Poll::Ready(()) };
        loop {
            ready!(entry.sleep.as_mut().poll(context));
            if entry.over_at >= deadline {
                return Poll::Ready(());
            }
            entry.sleep.as_mut().reset(deadline.into());
            entry.over_at = deadline;
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        *self.place.lock().unwrap_or_else(PoisonError::into_inner) = self.entry.take();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;

    const WHILE: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn every_wait_lasts_as_long_as_it_was_asked_for() {
        let patience = Patience::default();
        for wait in [WHILE, WHILE * 2, WHILE / 3] {
            let begun = patience.now();
            patience.sleep(wait).await;
            assert_eq!(patience.now() - begun, wait);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_was_given_up_does_not_shorten_the_next() {
        let patience = Patience::default();
        let mut first = patience.sleep(WHILE);
        assert!(first.as_mut().now_or_never().is_none());
        tokio::time::advance(WHILE - Duration::from_secs(1)).await;
        drop(first);
        let begun = patience.now();
        patience.sleep(WHILE).await;
        assert_eq!(patience.now() - begun, WHILE);
    }

    #[tokio::test(start_paused = true)]
    async fn two_waits_at_once_do_not_disturb_each_other() {
        let patience = Patience::default();
        let begun = patience.now();
        let (longer, shorter) = (patience.sleep(WHILE * 2), patience.sleep(WHILE));
        shorter.await;
        assert_eq!(patience.now() - begun, WHILE);
        longer.await;
        assert_eq!(patience.now() - begun, WHILE * 2);
    }
}
