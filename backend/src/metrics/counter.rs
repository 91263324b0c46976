//! How often something has turned out in each of the ways that it can.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};

/// The ways in which something can turn out, each with its name.
pub trait OutcomeLabel: Copy + 'static {
    /// The names of all of them.
    const NAMES: &'static [&'static str];
    /// The name of this one, which is one of those.
    fn name(self) -> &'static str;
}

/// Names every way in which something can turn out; one that is left out does not compile.
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

/// A count for each outcome.
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
    /// It turned out like this.
    pub fn add(&self, outcome: O) {
        let place = O::NAMES.iter().position(|name| *name == outcome.name());
        if let Some(count) = place.and_then(|place| self.counts.get(place)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Every outcome's name and count.
    pub fn read(&self) -> impl Iterator<Item = (&'static str, u64)> {
        O::NAMES.iter().copied().zip(self.counts.iter().map(|count| count.load(Ordering::Relaxed)))
    }
}
