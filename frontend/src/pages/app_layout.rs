//! The layout of signed-in pages: header, navigation, session bar and session dialog.

use super::menu::AccountMenu;
use super::require_session::RequireSession;
use super::session_bar::SessionBar;
use super::session_ended::SessionEnded;
use crate::components::{Icon, Logo, Skeleton, use_session};
use crate::effect::effect;
use crate::i18n::{tr, use_i18n};
use crate::platform::document;
use crate::routes::{Route, use_current_route, with_next};
use crate::session::State;
use latchkey_shared::EndReason;
use leptos::prelude::*;
use leptos_router::hooks::use_navigate;

/// The layout. It keeps its pages while the same account is signed in, and is rebuilt for another one.
#[component]
pub fn AppLayout() -> impl IntoView {
    let session = use_session();
    let account = Memo::new(move |_| session.with(|state| state.account().map(|account| account.id)));
    redirect_when_signed_out();
    move || match account.get() {
        Some(_) => view! { <SignedInLayout /> }.into_any(),
        None => view! { <LayoutSkeleton /> }.into_any(),
    }
}

/// Redirects to the sign-in page if there is no session. The way back is kept in `next`, except after a deliberate
/// sign-out or if somebody was signed in on this page before.
fn redirect_when_signed_out() {
    let (session, navigate) = (use_session(), use_navigate());
    let was_signed_in = StoredValue::new(false);
    effect(move || {
        let out = session.with(|state| match state {
            State::SignedOut(reason) => Some(*reason),
            State::KeyLost(None) => Some(None),
            _ => None,
        });
        let Some(reason) = out else { return was_signed_in.set_value(session.is_signed_in()) };
        let deliberate = matches!(reason, Some(EndReason::SignedOut | EndReason::AccountDeleted));
        let to = match was_signed_in.get_value() || deliberate {
            true => Route::LogIn.href().to_owned(),
            false => with_next(Route::LogIn, &document::path_and_query()),
        };
        navigate(&to, leptos_router::NavigateOptions { replace: true, ..Default::default() });
    });
}

/// Moves the focus to the content. The browser would resolve `#main` against the page's base URL, which is the home
/// page.
fn focus_main(event: &leptos::ev::MouseEvent) {
    event.prevent_default();
    document::focus("#main");
}

#[component]
fn SignedInLayout() -> impl IntoView {
    let here = use_current_route();
    view! {
        <a class="skip" href="#main" on:click=move |event| focus_main(&event) prop:textContent=tr(|t| t.skip_to_content)></a>
        <header class="top">
            <a href=Route::Home.href() class="brand"><Logo /></a>
            <AccountMenu />
        </header>
        <SessionBar />
        <div class="frame">
            <Navigation />
            <main id="main" tabindex="-1">
                {move || here.page().map(|page| view! { <RequireSession page=page /> })}
            </main>
        </div>
        <SessionEnded />
    }
}

/// The layout until it is known who is signed in.
#[component]
fn LayoutSkeleton() -> impl IntoView {
    view! {
        <header class="top"><span class="brand"><Logo /></span></header>
        <SessionBar />
        <div class="frame waiting">
            <div class="side"></div>
            <main><Skeleton /></main>
        </div>
    }
}

/// The navigation between signed-in pages: at the side, or along the lower edge on a phone.
#[component]
pub fn Navigation() -> impl IntoView {
    let (i18n, here) = (use_i18n(), use_current_route());
    let items = Route::SIGNED_IN
        .map(|page| {
            view! {
                <li>
                    <a href=page.href() aria-current=move || (here.page() == Some(page)).then_some("page")>
                        <Icon page=page />
                        <span prop:textContent=move || page.name(i18n.texts())></span>
                    </a>
                </li>
            }
        })
        .collect_view();
    view! { <nav class="side" aria-label=tr(|t| t.account_navigation)><ul>{items}</ul></nav> }
}
