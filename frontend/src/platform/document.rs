//! The document around the page: its title, language and theme, and where the focus is.

use leptos::prelude::request_animation_frame;
use wasm_bindgen::JsCast;
use web_sys::{Document, Element, HtmlElement};

fn document() -> Option<Document> {
    web_sys::window()?.document()
}

/// Sets the title that the browser's tab shows.
pub fn set_title(title: &str) {
    if let Some(document) = document() {
        document.set_title(title);
    }
}

/// Sets an attribute of the root element, or removes it.
pub fn set_root_attribute(name: &str, value: Option<&str>) {
    let Some(root) = document().and_then(|document| document.document_element()) else { return };
    // Both fail only for names that are not names.
    let _ = match value {
        Some(value) => root.set_attribute(name, value),
        None => root.remove_attribute(name),
    };
}

/// Moves the focus to the first element that the selector finds.
pub fn focus(selector: &str) {
    let found = document().and_then(|document| document.query_selector(selector).ok().flatten());
    if let Some(element) = found.and_then(|element: Element| element.dyn_into::<HtmlElement>().ok()) {
        // Only an element that has gone refuses the focus.
        let _ = element.focus();
    }
}

/// The same, once what changes now has been drawn.
pub fn focus_soon(selector: String) {
    request_animation_frame(move || focus(&selector));
}

/// Whether the person looks at the page.
pub fn is_visible() -> bool {
    document().is_some_and(|document| document.visibility_state() == web_sys::VisibilityState::Visible)
}

/// The path and query that the browser shows.
pub fn here() -> String {
    let Some(location) = web_sys::window().map(|window| window.location()) else { return "/".into() };
    location.pathname().unwrap_or_default() + &location.search().unwrap_or_default()
}
