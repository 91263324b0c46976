//! Effects that are all of one type. Leptos makes its own code for every closure that is given to it, about a kilobyte
//! each; behind a box, the code exists once.

use leptos::prelude::Effect;

/// Does `work` soon, and again whenever something changes that it has read. Ends with the component it is called in.
pub fn effect(work: impl FnMut() + 'static) {
    boxed(Box::new(work));
}

fn boxed(work: Box<dyn FnMut()>) {
    Effect::new(work);
}
