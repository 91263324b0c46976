//! What one page leaves for the next to know.

use leptos::prelude::*;

/// What outlives a page.
#[derive(Clone, Copy)]
pub struct NavigationState {
    /// Whether a page has been shown: from the second on, the focus moves to the heading.
    page_shown: StoredValue<bool>,
}

impl Default for NavigationState {
    fn default() -> Self {
        Self { page_shown: StoredValue::new(false) }
    }
}

impl NavigationState {
    /// Notes that a page is shown; whether it is the first.
    pub fn mark_page_shown(self) -> bool {
        let shown = self.page_shown.get_value();
        self.page_shown.set_value(true);
        !shown
    }
}
