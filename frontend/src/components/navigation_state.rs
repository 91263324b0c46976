//! State that is kept from one page to the next.

use leptos::prelude::*;

/// State that outlives a page.
#[derive(Clone, Copy)]
pub struct NavigationState {
    /// True once a page has been shown: from the second page on, the focus moves to the heading.
    page_shown: StoredValue<bool>,
}

impl Default for NavigationState {
    fn default() -> Self {
        Self { page_shown: StoredValue::new(false) }
    }
}

impl NavigationState {
    /// Records that a page is shown; returns whether it is the first.
    pub fn mark_page_shown(self) -> bool {
        let shown = self.page_shown.get_value();
        self.page_shown.set_value(true);
        !shown
    }
}
