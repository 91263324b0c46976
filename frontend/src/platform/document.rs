//! The document around the page: its title, language and theme, and where the focus is.

use leptos::prelude::request_animation_frame;
use wasm_bindgen::JsCast;
use web_sys::{Document, Element, Event, HtmlElement};

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

/// An attribute of the root element.
pub fn root_attribute(name: &str) -> Option<String> {
    document()?.document_element()?.get_attribute(name)
}

fn find(selector: &str) -> Option<Element> {
    document()?.query_selector(selector).ok()?
}

/// Moves the focus to the first element that the selector finds.
pub fn focus(selector: &str) {
    if let Some(element) = find(selector).and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        // Only an element that has gone refuses the focus.
        let _ = element.focus();
    }
}

/// The element that has the focus at one time, to be moved on from there once what changes then has been drawn.
pub struct Focus(Option<Element>);

impl Focus {
    /// The element that has it now; none where the window has none.
    pub fn now() -> Self {
        Self(find(":focus"))
    }

    /// Moves it to the first element that the selector finds. Whoever has moved it meanwhile keeps it: what they type would
    /// go astray.
    pub fn move_to(self, selector: String) {
        self.move_if(|had, has| has.is_none() || had == has, selector);
    }

    /// Moves it to the heading, if the element that has it goes.
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

/// Has every field of the form that is sent report what it holds, as if it had been typed or chosen now.
pub fn dispatch_field_events(sent: &Event) {
    let form = sent.target().and_then(|target| target.dyn_into::<Element>().ok());
    let Some(fields) = form.and_then(|form| form.query_selector_all("input, select").ok()) else { return };
    for at in 0..fields.length() {
        for name in ["input", "change"] {
            // Neither making an event of such a name nor sending it fails.
            let _ =
                fields.item(at).zip(Event::new(name).ok()).map(|(field, event)| field.dispatch_event(&event));
        }
    }
}

/// Whether the person looks at the page.
pub fn is_visible() -> bool {
    document().is_some_and(|document| document.visibility_state() == web_sys::VisibilityState::Visible)
}

/// The path and query that the browser shows.
pub fn path_and_query() -> String {
    let Some(location) = web_sys::window().map(|window| window.location()) else { return "/".into() };
    location.pathname().unwrap_or_default() + &location.search().unwrap_or_default()
}

/// Whether there is an element that the selector finds.
pub fn has(selector: &str) -> bool {
    find(selector).is_some()
}

/// Whether what has the focus lies among the last `reach` pixels of the screen, and not to the left of what `selector` finds.
pub fn focus_is_low(reach: f64, selector: &str) -> bool {
    let height =
        web_sys::window().and_then(|window| window.inner_height().ok()?.as_f64()).unwrap_or_default();
    let (Some(focused), Some(other)) = (find(":focus"), find(selector)) else { return false };
    let (focused, other) = (focused.get_bounding_client_rect(), other.get_bounding_client_rect());
    focused.bottom() > height - reach && focused.right() > other.left()
}
