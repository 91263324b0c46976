//! The contexts that every view has, and which page belongs to which address.

use crate::components::{Notes, ToastPlace, Toasts};
use crate::effect::effect;
use crate::i18n::I18n;
#[cfg(debug_assertions)]
use crate::pages;
use crate::pages::{Frame, LogIn, NotFound, SignUp};
use crate::platform::{document, storage};
use crate::routes::{Here, Page};
use crate::session::Session;
use leptos::prelude::*;
use leptos_router::components::Router;

/// The whole page.
#[component]
pub fn App() -> impl IntoView {
    let session = Session::start();
    let i18n = I18n::start();
    provide_context(session);
    provide_context(i18n);
    provide_context(Theme::start());
    provide_context(Notes::default());
    provide_context(Toasts::default());
    let mut of_account = None;
    effect(move || {
        let locale = session.with(|state| state.account().map(|account| account.locale));
        if let Some(changed) = locale.filter(|_| of_account != locale) {
            i18n.speak(changed);
        }
        of_account = locale;
    });
    view! {
        <Router><Places /></Router>
        <ToastPlace />
    }
}

/// What stands at an address. All pages in the frame are one place: it stays while they change.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Frame,
    LogIn,
    SignUp,
    Nowhere,
}

impl Place {
    fn of(page: Option<Page>) -> Self {
        match page {
            Some(Page::Home | Page::Profile | Page::Security | Page::Sessions | Page::Token) => Self::Frame,
            Some(Page::LogIn) => Self::LogIn,
            Some(Page::SignUp) => Self::SignUp,
            None => Self::Nowhere,
        }
    }
}

#[component]
fn Places() -> impl IntoView {
    let here = Here::start();
    provide_context(here);
    let place = Memo::new(move |_| Place::of(here.page()));
    move || match place.get() {
        Place::Frame => view! { <Frame /> }.into_any(),
        Place::LogIn => view! { <LogIn /> }.into_any(),
        Place::SignUp => view! { <SignUp /> }.into_any(),
        Place::Nowhere => elsewhere(),
    }
}

/// An address that is no page's.
fn elsewhere() -> AnyView {
    #[cfg(debug_assertions)]
    if document::here() == pages::dev::PATH {
        return view! { <pages::dev::Gallery /> }.into_any();
    }
    view! { <NotFound /> }.into_any()
}

/// Light, dark, or as the system has it. `early.js` applies the choice before the first paint.
#[derive(Clone, Copy)]
pub struct Theme(RwSignal<String>);

impl Theme {
    const KEY: &str = "latchkey.theme";

    fn start() -> Self {
        Self(RwSignal::new(document::root_attribute("data-theme").unwrap_or_else(|| "system".to_owned())))
    }

    /// The choice, followed by views.
    pub fn choice(self) -> String {
        self.0.get()
    }

    /// Changes the choice, also for the next start.
    pub fn choose(self, theme: String) {
        document::set_root_attribute("data-theme", (theme != "system").then_some(&theme));
        storage::write(Self::KEY, &theme);
        self.0.set(theme);
    }
}
