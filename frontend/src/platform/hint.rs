//! A mark that this browser may hold a session. The refresh cookie is hidden from scripts, and local storage may have
//! been cleared; this cookie without a secret saves a first visit the question whether there is a session.

use wasm_bindgen::JsCast;
use web_sys::HtmlDocument;

const MARK: &str = "latchkey_hint=1";
/// As long as any session lasts. A mark that outlives its session costs one question.
const LASTING: &str = "7776000";

/// Whether the mark is there.
pub fn is_there() -> bool {
    cookies().is_some_and(|cookies| cookies.split("; ").any(|cookie| cookie == MARK))
}

/// Leaves the mark, or removes it.
pub fn keep(there: bool) {
    let Some(document) = document() else { return };
    let age = if there { LASTING } else { "0" };
    let secure = if is_https() { "; Secure" } else { "" };
    // Where cookies are blocked there is no session to point at either.
    let _ = document.set_cookie(&format!("{MARK}; Path=/; SameSite=Strict; Max-Age={age}{secure}"));
}

fn cookies() -> Option<String> {
    document()?.cookie().ok()
}

fn document() -> Option<HtmlDocument> {
    web_sys::window()?.document()?.dyn_into().ok()
}

fn is_https() -> bool {
    web_sys::window().and_then(|window| window.location().protocol().ok()).is_some_and(|p| p == "https:")
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn the_mark_stays_until_it_is_removed() {
        keep(true);
        assert!(is_there());
        keep(true);
        keep(false);
        assert!(!is_there());
    }
}
