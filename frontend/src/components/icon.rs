//! Icons in the colour of the surrounding text, defined in `styles/icons.css`.

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

/// The product's logo: the mark, a key in the shape of an L, and the name.
#[component]
pub fn Logo() -> impl IntoView {
    view! {
        <i class="mark"></i>
        <i class="wordmark"></i>
        <span class="visually-hidden">"Latchkey"</span>
    }
}
