//! From one page to the next, as the browser leads the eye (CSS View Transitions, Level 1).
//!
//! Only what goes is pictured: it fades where it stood, over the next page, which is there and can be used at once.

use super::document;
use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};

/// Set on the root while the page that goes is pictured; the style sheet says what belongs to the picture.
const LEAVING: &str = "data-leaving";

/// Has `update` change the page. It comes a moment later where the browser pictures what goes; at once where the browser
/// cannot, or the person wants no motion.
pub fn transition(update: impl FnOnce() + 'static) {
    transition_boxed(Box::new(update));
}

fn transition_boxed(update: Box<dyn FnOnce()>) {
    let Some((document, start)) = native_transition() else { return update() };
    document::set_root_attribute(LEAVING, Some(""));
    // The views follow before the browser draws again, without being waited for: they are microtasks.
    let update = Closure::once_into_js(move || {
        document::set_root_attribute(LEAVING, None);
        update();
    });
    let ready = start.call1(&document, &update).and_then(|started| Reflect::get(&started, &"ready".into()));
    let Some(ready) = ready.ok().and_then(|ready| ready.dyn_into::<Promise>().ok()) else { return };
    spawn_local(async move {
        // Broken where the next change comes before this one is shown. That is no fault, so nobody need hear of it.
        let _ = JsFuture::from(ready).await;
    });
}

/// The document and its `startViewTransition`, where that is wanted.
fn native_transition() -> Option<(JsValue, Function)> {
    // The picture would cover a dialog.
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
