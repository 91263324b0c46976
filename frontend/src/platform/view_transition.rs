//! Animated transition from one page to the next (CSS View Transitions, Level 1).
//!
//! Only the old page is captured: its image fades in place, over the next page, which is usable at once.

use super::document;
use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};

/// Root attribute while the old page is captured; the style sheet decides what belongs to the image.
const LEAVING: &str = "data-leaving";

/// Runs `update`, which changes the page: shortly afterwards if the browser captures the old page; at once if the
/// browser cannot, or the user prefers reduced motion.
pub fn transition(update: impl FnOnce() + 'static) {
    transition_boxed(Box::new(update));
}

fn transition_boxed(update: Box<dyn FnOnce()>) {
    let Some((document, start)) = native_transition() else { return update() };
    document::set_root_attribute(LEAVING, Some(""));
    // The views update before the browser draws again, without being awaited: they are microtasks.
    let update = Closure::once_into_js(move || {
        document::set_root_attribute(LEAVING, None);
        update();
    });
    let ready = start.call1(&document, &update).and_then(|started| Reflect::get(&started, &"ready".into()));
    let Some(ready) = ready.ok().and_then(|ready| ready.dyn_into::<Promise>().ok()) else { return };
    spawn_local(async move {
        // Rejected if the next transition starts before this one is shown. That is no error and needs no report.
        let _ = JsFuture::from(ready).await;
    });
}

/// Returns the document and its `startViewTransition`, if there is one and a transition is wanted.
fn native_transition() -> Option<(JsValue, Function)> {
    // The image would cover a dialog.
    if document::has("dialog[open]") {
        return None;
    }
    let window = web_sys::window()?;
    let still = window.match_media("(prefers-reduced-motion: reduce)").ok().flatten();
    if still.is_some_and(|query| query.matches()) {
        return None;
    }
    let document = JsValue::from(window.document()?);
    let start = Reflect::get(&document, &"startViewTransition".into()).ok()?.dyn_into().ok()?;
    Some((document, start))
}
