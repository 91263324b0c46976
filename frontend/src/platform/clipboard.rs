//! The clipboard.

use wasm_bindgen_futures::JsFuture;

/// Puts `text` on the clipboard; whether the browser allowed it.
pub async fn copy(text: &str) -> bool {
    // Browsers leave the clipboard out on pages that were not opened over https or on localhost.
    if !web_sys::window().is_some_and(|window| window.is_secure_context()) {
        return false;
    }
    let Some(window) = web_sys::window() else { return false };
    JsFuture::from(window.navigator().clipboard().write_text(text)).await.is_ok()
}
