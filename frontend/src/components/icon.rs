//! Small drawings, in the colour of the text around them. `styles/icons.css` holds them.

use crate::routes::Route;
use leptos::prelude::*;

/// The icon of a page in the navigation.
#[component]
pub fn Icon(page: Route) -> impl IntoView {
    let class = match page {
        Route::Home => "icon home",
        Route::Profile => "icon profile",
        Route::Security => "icon security",
        Route::Sessions => "icon sessions",
        Route::Token | Route::LogIn | Route::SignUp => "icon token",
    };
    view! { <i class=class></i> }
}

/// The product's mark, a key that is an L, and its name beside it.
#[component]
pub fn Logo() -> impl IntoView {
    view! {
        <i class="mark"></i>
        <i class="wordmark"></i>
        <span class="visually-hidden">"Latchkey"</span>
    }
}
