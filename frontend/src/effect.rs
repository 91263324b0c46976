//! Effects of one type. Leptos generates its own code for every closure passed to it, about a kilobyte each; with a
//! boxed closure, the code exists once.

use leptos::prelude::Effect;

/// Runs `work` soon, and again when a signal that it has read changes. Ends with the component that calls it.
pub fn effect(work: impl FnMut() + 'static) {
    boxed(Box::new(work));
}

fn boxed(work: Box<dyn FnMut()>) {
    Effect::new(work);
}
