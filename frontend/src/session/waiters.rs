//! Calls that wait for the session's next change.

use futures::channel::oneshot;
use std::future::Future;

/// Those who wait.
#[derive(Default)]
pub struct Waiters(Vec<oneshot::Sender<()>>);

impl Waiters {
    /// Joins the queue; the future ends with the next change.
    pub fn join(&mut self) -> impl Future<Output = ()> + use<> {
        let (sender, receiver) = oneshot::channel();
        self.0.push(sender);
        async move {
            // A sender that is dropped means the same: look again.
            let _ = receiver.await;
        }
    }

    /// Wakes everybody.
    pub fn wake(&mut self) {
        for sender in self.0.drain(..) {
            // One that no longer waits has gone to another page.
            let _ = sender.send(());
        }
    }
}
