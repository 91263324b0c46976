//! Access to the clipboard.

use wasm_bindgen_futures::JsFuture;

/// Copies `text` to the clipboard; returns whether the browser allowed it.
pub async fn copy(text: &str) -> bool {
    // Browsers provide the clipboard only on pages opened over https or on localhost.
    if !web_sys::window().is_some_and(|window| window.is_secure_context()) {
        return false;
    }
    let Some(window) = web_sys::window() else { return false };
    JsFuture::from(window.navigator().clipboard().write_text(text)).await.is_ok()
}
