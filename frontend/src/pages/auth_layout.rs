//! The layout of pages that need no session: one card.

use super::preferences::{LanguagePreference, ThemePreference};
use crate::components::{Logo, use_session};
use crate::effect::effect;
use crate::routes::{Route, safe_next};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};

/// One card in the middle, the brand above it, language and theme below it.
#[component]
pub fn AuthLayout(children: Children) -> impl IntoView {
    view! {
        <div class="outside">
            <header class="brand"><Logo /></header>
            <main class="card">{children()}</main>
            <footer class="switches">
                <LanguagePreference id="language" />
                <ThemePreference id="theme" />
            </footer>
        </div>
    }
}

/// Returns the path to open after signing in: `next` from the query, or the home page.
pub fn use_next() -> Memo<String> {
    let query = use_location().query;
    Memo::new(move |_| {
        let next = query.with(|query| query.get("next"));
        next.as_deref().and_then(safe_next).unwrap_or(Route::Home.href()).to_owned()
    })
}

/// Redirects from a sign-in page while somebody is signed in.
pub fn redirect_when_signed_in() {
    let (session, next, navigate) = (use_session(), use_next(), use_navigate());
    let signed_in = Memo::new(move |_| session.with(|state| state.token_set().is_some()));
    effect(move || {
        if signed_in.get() {
            let to = next.get_untracked();
            navigate(&to, NavigateOptions { replace: true, ..NavigateOptions::default() });
        }
    });
}
