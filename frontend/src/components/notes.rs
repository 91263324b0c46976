//! What one page leaves for the next to know.

use leptos::prelude::*;

/// Notes that outlive a page.
#[derive(Clone, Copy)]
pub struct Notes {
    /// Whether a page has been shown: from the second on, the focus moves to the heading.
    pages_shown: StoredValue<bool>,
}

impl Default for Notes {
    fn default() -> Self {
        Self { pages_shown: StoredValue::new(false) }
    }
}

impl Notes {
    /// Notes that a page is shown; whether it is the first.
    pub fn first_page(self) -> bool {
        let shown = self.pages_shown.get_value();
        self.pages_shown.set_value(true);
        !shown
    }
}
