//! The color theme of the page.

use crate::platform::{document, storage};
use leptos::prelude::*;

/// Color theme: light, dark, or the system's. `early.js` applies the choice before the first paint.
#[derive(Clone, Copy)]
pub struct Theme(RwSignal<String>);

impl Theme {
    const KEY: &str = "latchkey.theme";

    /// Reads the choice that `early.js` has applied.
    pub fn start() -> Self {
        Self(RwSignal::new(document::root_attribute("data-theme").unwrap_or_else(|| "system".to_owned())))
    }

    /// Returns the choice; reactive.
    pub fn choice(self) -> String {
        self.0.get()
    }

    /// Changes the choice, also for the next start.
    pub fn choose(self, theme: String) {
        document::set_root_attribute("data-theme", (theme != "system").then_some(&theme));
        storage::write(Self::KEY, &theme);
        self.0.set(theme);
    }
}
