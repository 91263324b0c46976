//! Small drawings, in the colour of the text around them.

use crate::routes::Page;
use leptos::prelude::*;

/// The icon of a page in the navigation.
#[component]
pub fn Icon(page: Page) -> impl IntoView {
    let path = match page {
        Page::Home => "M3 11.5 12 4l9 7.5M5.5 10v10h13V10M10 20v-6h4v6",
        Page::Profile => "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20.5c.6-4 3.6-6 7.5-6s6.9 2 7.5 6",
        Page::Security => {
            "M12 3 4.5 6v6c0 4.5 3 7.5 7.5 9 4.5-1.5 7.5-4.5 7.5-9V6L12 3Zm-3.2 9 2.3 2.3 4.2-4.5"
        }
        Page::Sessions => "M3 5h14v9H3zM1.5 17.5h11M15 10h6v10h-6zM17.5 17.3h1",
        Page::Token | Page::LogIn | Page::SignUp => {
            "M14.5 13.5a5 5 0 1 0-4-4L3 17v4h4v-2.5h2.5V16h2.5l2.5-2.5ZM16 8h.01"
        }
    };
    view! {
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
            <path d=path />
        </svg>
    }
}

/// The product's mark: a key in a keyhole's round.
#[component]
pub fn Mark() -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
            <rect width="32" height="32" rx="8" />
            <path d="M16 7a5.5 5.5 0 0 0-2.5 10.4V25h5v-2.5h-2.2v-2h2.2v-3.1A5.5 5.5 0 0 0 16 7Zm0 3.7a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.6Z" />
        </svg>
    }
}
