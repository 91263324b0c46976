//! Small drawings, in the colour of the text around them. `styles/icons.css` holds them.

use crate::routes::Page;
use leptos::prelude::*;

/// The icon of a page in the navigation.
#[component]
pub fn Icon(page: Page) -> impl IntoView {
    let class = match page {
        Page::Home => "icon home",
        Page::Profile => "icon profile",
        Page::Security => "icon security",
        Page::Sessions => "icon sessions",
        Page::Token | Page::LogIn | Page::SignUp => "icon token",
    };
    view! { <i class=class></i> }
}

/// The product's mark, a key that is an L, and its name beside it.
#[component]
pub fn Mark() -> impl IntoView {
    view! {
        <i class="mark"></i>
        <i class="wordmark"></i>
        <span class="visually-hidden">"Latchkey"</span>
    }
}
