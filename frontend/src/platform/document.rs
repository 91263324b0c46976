//! Access to the document: its title, root attributes, visibility, address, and focus.

use leptos::prelude::request_animation_frame;
use wasm_bindgen::JsCast;
use web_sys::{Document, Element, Event, HtmlElement};

fn document() -> Option<Document> {
    web_sys::window()?.document()
}

/// Sets the title of the browser's tab.
pub fn set_title(title: &str) {
    if let Some(document) = document() {
        document.set_title(title);
    }
}

/// Sets an attribute of the root element, or removes it.
pub fn set_root_attribute(name: &str, value: Option<&str>) {
    let Some(root) = document().and_then(|document| document.document_element()) else { return };
    // Both fail only for invalid attribute names.
    let _ = match value {
        Some(value) => root.set_attribute(name, value),
        None => root.remove_attribute(name),
    };
}

/// Returns an attribute of the root element.
pub fn root_attribute(name: &str) -> Option<String> {
    document()?.document_element()?.get_attribute(name)
}

fn find(selector: &str) -> Option<Element> {
    document()?.query_selector(selector).ok()?
}

/// Moves the focus to the first element that matches `selector`.
pub fn focus(selector: &str) {
    if let Some(element) = find(selector).and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        // Only an element that was removed refuses the focus.
        let _ = element.focus();
    }
}

/// Element that had the focus at one time, from which the focus can be moved once the change that follows is drawn.
pub struct Focus(Option<Element>);

impl Focus {
    /// Returns the element that has the focus now; none if the window has no focus.
    pub fn now() -> Self {
        Self(find(":focus"))
    }

    /// Moves the focus to the first element that matches `selector`, unless the user has moved it meanwhile: their
    /// input would go to the wrong element.
    pub fn move_to(self, selector: String) {
        self.move_if(|had, has| has.is_none() || had == has, selector);
    }

    /// Moves the focus to the `h1` heading, if the focused element was removed.
    pub fn move_to_heading_if_lost(self) {
        self.move_if(|had, has| has.is_none() && had.is_some(), "h1".to_owned());
    }

    fn move_if(self, moves: fn(&Option<Element>, &Option<Element>) -> bool, to: String) {
        request_animation_frame(move || {
            if moves(&self.0, &find(":focus")) {
                focus(&to);
            }
        });
    }
}

/// Dispatches `input` and `change` on every field of the submitted form, as if its value had just been entered.
pub fn dispatch_field_events(sent: &Event) {
    let form = sent.target().and_then(|target| target.dyn_into::<Element>().ok());
    let Some(fields) = form.and_then(|form| form.query_selector_all("input, select").ok()) else { return };
    for at in 0..fields.length() {
        for name in ["input", "change"] {
            // Neither creating an event of such a name nor dispatching it fails.
            let _ =
                fields.item(at).zip(Event::new(name).ok()).map(|(field, event)| field.dispatch_event(&event));
        }
    }
}

/// Returns whether the page is visible.
pub fn is_visible() -> bool {
    document().is_some_and(|document| document.visibility_state() == web_sys::VisibilityState::Visible)
}

/// Returns the path and query of the browser's address.
pub fn path_and_query() -> String {
    let Some(location) = web_sys::window().map(|window| window.location()) else { return "/".into() };
    location.pathname().unwrap_or_default() + &location.search().unwrap_or_default()
}

/// Returns whether an element matches `selector`.
pub fn has(selector: &str) -> bool {
    find(selector).is_some()
}

/// Returns whether the focused element reaches into the last `reach` pixels of the window's height, and does not lie
/// wholly to the left of the element that matches `selector`.
pub fn focus_is_low(reach: f64, selector: &str) -> bool {
    let height =
        web_sys::window().and_then(|window| window.inner_height().ok()?.as_f64()).unwrap_or_default();
    let (Some(focused), Some(other)) = (find(":focus"), find(selector)) else { return false };
    let (focused, other) = (focused.get_bounding_client_rect(), other.get_bounding_client_rect());
    focused.bottom() > height - reach && focused.right() > other.left()
}
