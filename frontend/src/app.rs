//! Root component: the contexts for all views, and the mapping from addresses to screens.

use crate::components::{NavigationState, ToastRegion, Toasts};
use crate::effect::effect;
use crate::i18n::I18n;
#[cfg(debug_assertions)]
use crate::pages;
use crate::pages::{AppLayout, LogIn, NotFound, SignUp};
#[cfg(debug_assertions)]
use crate::platform::document;
use crate::routes::{CurrentRoute, Route};
use crate::session::SessionHandle;
use crate::theme::Theme;
use leptos::prelude::*;
use leptos_router::components::Router;

/// Root component of the page.
#[component]
pub fn App() -> impl IntoView {
    let session = SessionHandle::start();
    let i18n = I18n::start();
    provide_context(session);
    provide_context(i18n);
    provide_context(Theme::start());
    provide_context(NavigationState::default());
    provide_context(Toasts::default());
    let mut of_account = None;
    effect(move || {
        let locale = session.with(|state| state.account().map(|account| account.locale));
        if let Some(changed) = locale.filter(|_| of_account != locale) {
            i18n.set_locale(changed);
        }
        of_account = locale;
    });
    view! {
        <Router><Screens /></Router>
        <ToastRegion />
    }
}

/// View at an address. All pages in the app layout are one screen: the layout stays while they change.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Screen {
    AppLayout,
    LogIn,
    SignUp,
    NotFound,
}

impl Screen {
    fn of(page: Option<Route>) -> Self {
        match page {
            Some(Route::Home | Route::Profile | Route::Security | Route::Sessions | Route::Token) => {
                Self::AppLayout
            }
            Some(Route::LogIn) => Self::LogIn,
            Some(Route::SignUp) => Self::SignUp,
            None => Self::NotFound,
        }
    }
}

#[component]
fn Screens() -> impl IntoView {
    let here = CurrentRoute::start();
    provide_context(here);
    let screen = Memo::new(move |_| Screen::of(here.page()));
    move || match screen.get() {
        Screen::AppLayout => view! { <AppLayout /> }.into_any(),
        Screen::LogIn => view! { <LogIn /> }.into_any(),
        Screen::SignUp => view! { <SignUp /> }.into_any(),
        Screen::NotFound => not_found_view(),
    }
}

/// Returns the view for an address without a page.
fn not_found_view() -> AnyView {
    #[cfg(debug_assertions)]
    if document::path_and_query() == pages::dev::PATH {
        return view! { <pages::dev::Gallery /> }.into_any();
    }
    view! { <NotFound /> }.into_any()
}
