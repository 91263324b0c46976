//! A page that only a signed-in person sees.

use super::{home::Home, profile::Profile, security::Security, sessions::Sessions, token::Token};
use crate::api::auth;
use crate::components::{Skeleton, use_session};
use crate::effect::effect;
use crate::routes::Route;
use crate::session::PageAccess;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

/// Shows a page at once while the token lasts, and checks beside whether the session still lives. With a lapsed token
/// it shows an outline until the next token has come. A page that is open stays open, whatever happens to the session.
#[component]
pub fn RequireSession(page: Route) -> impl IntoView {
    let session = use_session();
    let admitted = RwSignal::new(session.page_access() == PageAccess::Show);
    spawn_local(async move {
        // What goes wrong here shows in the session's state.
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
        // They stand in the other layout.
        Route::LogIn | Route::SignUp => ().into_any(),
    }
}
