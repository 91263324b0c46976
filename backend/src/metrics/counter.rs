//! Counters by outcome.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};

/// Possible outcomes of an operation, each with its label.
pub trait OutcomeLabel: Copy + 'static {
    /// Labels of all outcomes.
    const NAMES: &'static [&'static str];
    /// Returns the label of this outcome, which is one of `NAMES`.
    fn name(self) -> &'static str;
}

/// Implements `OutcomeLabel`; an outcome that is left out does not compile.
macro_rules! outcomes {
    ($type:ident { $($outcome:ident => $name:literal,)* }) => {
        impl crate::metrics::OutcomeLabel for $type {
            const NAMES: &'static [&'static str] = &[$($name),*];
            fn name(self) -> &'static str {
                match self {
                    $(Self::$outcome => $name,)*
                }
            }
        }
    };
}
pub(super) use outcomes;

/// Counter for each outcome.
pub struct OutcomeCounter<O> {
    counts: Box<[AtomicU64]>,
    outcomes: PhantomData<fn(O)>,
}

impl<O: OutcomeLabel> Default for OutcomeCounter<O> {
    fn default() -> Self {
        Self { counts: O::NAMES.iter().map(|_| AtomicU64::new(0)).collect(), outcomes: PhantomData }
    }
}

impl<O: OutcomeLabel> OutcomeCounter<O> {
    /// Counts one operation with this outcome.
    pub fn add(&self, outcome: O) {
        let place = O::NAMES.iter().position(|name| *name == outcome.name());
        if let Some(count) = place.and_then(|place| self.counts.get(place)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns every outcome's label and count.
    pub fn read(&self) -> impl Iterator<Item = (&'static str, u64)> {
        O::NAMES.iter().copied().zip(self.counts.iter().map(|count| count.load(Ordering::Relaxed)))
    }
}
