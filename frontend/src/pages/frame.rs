//! What surrounds the pages of a signed-in person: header, navigation, the session's bar and dialog.

use super::guarded::Guarded;
use super::menu::AccountMenu;
use super::session_bar::SessionBar;
use super::session_ended::SessionEnded;
use crate::components::{Icon, Mark, Skeleton, use_session};
use crate::effect::effect;
use crate::i18n::{tr, use_i18n};
use crate::platform::document;
use crate::routes::{Page, use_here, with_next};
use crate::session::State;
use latchkey_shared::EndReason;
use leptos::prelude::*;
use leptos_router::hooks::use_navigate;

/// The frame. It keeps its pages while one account is signed in, and starts anew for another one.
#[component]
pub fn Frame() -> impl IntoView {
    let session = use_session();
    let account = Memo::new(move |_| session.with(|state| state.account().map(|account| account.id)));
    lead_out_when_signed_out();
    move || match account.get() {
        Some(_) => view! { <Inside /> }.into_any(),
        None => view! { <Waiting /> }.into_any(),
    }
}

/// A protected page without a session leads to the sign-in page, and back here afterwards; after a sign-out that the
/// person meant, there is nothing to come back to.
fn lead_out_when_signed_out() {
    let (session, navigate) = (use_session(), use_navigate());
    let was_in = StoredValue::new(false);
    effect(move || {
        let out = session.with(|state| match state {
            State::SignedOut(reason) => Some(*reason),
            State::KeyLost(None) => Some(None),
            _ => None,
        });
        let Some(reason) = out else { return was_in.set_value(session.is_signed_in()) };
        let meant = matches!(reason, Some(EndReason::SignedOut | EndReason::AccountDeleted));
        let to = match was_in.get_value() || meant {
            true => Page::LogIn.href().to_owned(),
            false => with_next(Page::LogIn, &document::here()),
        };
        navigate(&to, leptos_router::NavigateOptions { replace: true, ..Default::default() });
    });
}

/// Leads to the content. The browser itself would go to the page's base, which is home, and look for `#main` there.
fn to_content(event: &leptos::ev::MouseEvent) {
    event.prevent_default();
    document::focus("#main");
}

#[component]
fn Inside() -> impl IntoView {
    let here = use_here();
    view! {
        <a class="skip" href="#main" on:click=move |event| to_content(&event) prop:textContent=tr(|t| t.skip_to_content)></a>
        <header class="top">
            <a href=Page::Home.href() class="brand"><Mark /></a>
            <AccountMenu />
        </header>
        <SessionBar />
        <div class="frame">
            <Navigation />
            <main id="main" tabindex="-1">
                {move || here.page().map(|page| view! { <Guarded page=page /> })}
            </main>
        </div>
        <SessionEnded />
    }
}

/// While it is not known yet who is signed in.
#[component]
fn Waiting() -> impl IntoView {
    view! {
        <header class="top"><span class="brand"><Mark /></span></header>
        <SessionBar />
        <div class="frame waiting">
            <div class="side"></div>
            <main><Skeleton /></main>
        </div>
    }
}

/// The pages of a signed-in person: at the side, or along the lower edge of a phone.
#[component]
pub fn Navigation() -> impl IntoView {
    let (i18n, here) = (use_i18n(), use_here());
    let items = Page::SIGNED_IN
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
