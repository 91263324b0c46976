//! A page that only a signed-in person sees.

use super::{home::Home, profile::Profile, security::Security, sessions::Sessions, token::Token};
use crate::api::auth;
use crate::components::{Skeleton, use_session};
use crate::effect::effect;
use crate::routes::Page;
use crate::session::Admission;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

/// Shows a page at once while the token lasts, and checks beside whether the session still lives. With a lapsed token
/// it shows an outline until the next token has come. A page that is open stays open, whatever happens to the session.
#[component]
pub fn Guarded(page: Page) -> impl IntoView {
    let session = use_session();
    let admitted = RwSignal::new(session.admission() == Admission::Show);
    spawn_local(async move {
        // What goes wrong here shows in the session's state.
        let _ = if admitted.get_untracked() {
            auth::verify(session).await
        } else {
            session.caller().token(None).await.map(drop)
        };
    });
    effect(move || {
        let admits = session.with(|state| state.grant().is_some()) && session.admission() == Admission::Show;
        if admits && !admitted.get_untracked() {
            admitted.set(true);
        }
    });
    view! {
        {move || match admitted.get() {
            true => draw(page),
            false => view! { <Skeleton /> }.into_any(),
        }}
    }
}

fn draw(page: Page) -> AnyView {
    match page {
        Page::Home => view! { <Home /> }.into_any(),
        Page::Profile => view! { <Profile /> }.into_any(),
        Page::Security => view! { <Security /> }.into_any(),
        Page::Sessions => view! { <Sessions /> }.into_any(),
        Page::Token => view! { <Token /> }.into_any(),
        // They stand outside of the frame.
        Page::LogIn | Page::SignUp => ().into_any(),
    }
}
