//! The guard of pages that require a session.

use super::{home::Home, profile::Profile, security::Security, sessions::Sessions, token::Token};
use crate::api::auth;
use crate::components::{Skeleton, use_session};
use crate::effect::effect;
use crate::routes::Route;
use crate::session::PageAccess;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

/// Shows a page at once if the token is valid, and verifies the session in the background. With an expired token it
/// shows a skeleton until the next token arrives. An open page stays open, whatever happens to the session.
#[component]
pub fn RequireSession(page: Route) -> impl IntoView {
    let session = use_session();
    let admitted = RwSignal::new(session.page_access() == PageAccess::Show);
    spawn_local(async move {
        // Failures are shown by the session's state.
        let _ = if admitted.get_untracked() {
            auth::verify(session).await
        } else {
            session.caller().token(None).await.map(drop)
        };
    });
    effect(move || {
        let admits =
            session.with(|state| state.token_set().is_some()) && session.page_access() == PageAccess::Show;
        if admits && !admitted.get_untracked() {
            admitted.set(true);
        }
    });
    view! {
        {move || match admitted.get() {
            true => page_view(page),
            false => view! { <Skeleton /> }.into_any(),
        }}
    }
}

fn page_view(page: Route) -> AnyView {
    match page {
        Route::Home => view! { <Home /> }.into_any(),
        Route::Profile => view! { <Profile /> }.into_any(),
        Route::Security => view! { <Security /> }.into_any(),
        Route::Sessions => view! { <Sessions /> }.into_any(),
        Route::Token => view! { <Token /> }.into_any(),
        // These pages belong to the other layout.
        Route::LogIn | Route::SignUp => ().into_any(),
    }
}
