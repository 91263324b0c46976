//! How often something has turned out in each of the ways that it can.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};

/// The ways in which something can turn out, each with its name.
pub trait Outcome: Copy + PartialEq + 'static {
    /// All of them.
    const ALL: &'static [(Self, &'static str)];
}

/// A count for each outcome.
pub struct Tally<O> {
    counts: Box<[AtomicU64]>,
    outcomes: PhantomData<fn(O)>,
}

impl<O: Outcome> Default for Tally<O> {
    fn default() -> Self {
        Self { counts: O::ALL.iter().map(|_| AtomicU64::new(0)).collect(), outcomes: PhantomData }
    }
}

impl<O: Outcome> Tally<O> {
    /// It turned out like this.
    pub fn add(&self, outcome: O) {
        let place = O::ALL.iter().position(|(known, _)| *known == outcome);
        if let Some(count) = place.and_then(|place| self.counts.get(place)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Every outcome's name and count.
    pub fn read(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let names = O::ALL.iter().map(|(_, name)| *name);
        names.zip(self.counts.iter().map(|count| count.load(Ordering::Relaxed)))
    }
}
