//! Memory budget shared by all requests.

use tokio::sync::{Semaphore, SemaphorePermit};

/// A shared budget of memory, in bytes. Reservations fail at once when it is used up.
pub struct MemoryBudget(Semaphore);

/// Reserved bytes of the budget, returned when this is dropped.
#[must_use = "what is not held is given back at once"]
pub struct Reservation<'a>(#[expect(dead_code, reason = "held, not read")] SemaphorePermit<'a>);

impl MemoryBudget {
    /// Creates a budget of this many bytes.
    pub fn new(bytes: usize) -> Self {
        Self(Semaphore::new(bytes))
    }

    /// Reserves this many bytes; `None` if fewer are left.
    pub fn try_reserve(&self, bytes: u32) -> Option<Reservation<'_>> {
        self.0.try_acquire_many(bytes).ok().map(Reservation)
    }
}
