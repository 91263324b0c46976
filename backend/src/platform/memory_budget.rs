//! A budget of memory for all calls together.

use tokio::sync::{Semaphore, SemaphorePermit};

/// Memory that many share, in bytes. Whoever finds none left goes without.
pub struct MemoryBudget(Semaphore);

/// What somebody has taken of it; given back when this goes out of scope.
#[must_use = "what is not held is given back at once"]
pub struct Reservation<'a>(#[expect(dead_code, reason = "held, not read")] SemaphorePermit<'a>);

impl MemoryBudget {
    /// So much memory.
    pub fn new(bytes: usize) -> Self {
        Self(Semaphore::new(bytes))
    }

    /// Takes so much of it, if that is there.
    pub fn try_reserve(&self, bytes: u32) -> Option<Reservation<'_>> {
        self.0.try_acquire_many(bytes).ok().map(Reservation)
    }
}
