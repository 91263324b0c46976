//! Tasks that wait for the session's next change.

use futures::channel::oneshot;
use std::future::Future;

/// Queue of waiting tasks.
#[derive(Default)]
pub struct Waiters(Vec<oneshot::Sender<()>>);

impl Waiters {
    /// Adds a waiter; the future completes at the next change.
    pub fn join(&mut self) -> impl Future<Output = ()> + use<> {
        let (sender, receiver) = oneshot::channel();
        self.0.push(sender);
        async move {
            // A dropped sender has the same meaning: check the state again.
            let _ = receiver.await;
        }
    }

    /// Wakes all waiters.
    pub fn wake(&mut self) {
        for sender in self.0.drain(..) {
            // The receiver is gone if its page was left.
            let _ = sender.send(());
        }
    }
}
