//! The contexts that every view has, and which page belongs to which address.

use crate::components::Notes;
use crate::i18n::I18n;
use crate::pages::{Frame, Guarded, Home, LogIn, NotFound, Profile, Security, Sessions, SignUp, Token};
use crate::platform::{document, storage};
use crate::session::Session;
use leptos::prelude::*;
use leptos_router::components::{ParentRoute, Route, Router, Routes};
use leptos_router::path;

/// The whole page.
#[component]
pub fn App() -> impl IntoView {
    let session = Session::start();
    let i18n = I18n::start();
    provide_context(session);
    provide_context(i18n);
    provide_context(Theme::start());
    provide_context(Notes::default());
    let of_account = Memo::new(move |_| session.with(|state| state.account().map(|account| account.locale)));
    Effect::new(move || {
        if let Some(locale) = of_account.get() {
            i18n.speak(locale);
        }
    });
    view! {
        <Router>
            <Routes fallback=NotFound>
                <Route path=path!("/login") view=LogIn />
                <Route path=path!("/signup") view=SignUp />
                <ParentRoute path=path!("") view=Frame>
                    <Route path=path!("/") view=|| view! { <Guarded><Home /></Guarded> } />
                    <Route path=path!("/account/profile") view=|| view! { <Guarded><Profile /></Guarded> } />
                    <Route path=path!("/account/security") view=|| view! { <Guarded><Security /></Guarded> } />
                    <Route path=path!("/account/sessions") view=|| view! { <Guarded><Sessions /></Guarded> } />
                    <Route path=path!("/account/token") view=|| view! { <Guarded><Token /></Guarded> } />
                </ParentRoute>
            </Routes>
        </Router>
    }
}

/// Light, dark, or as the system has it. `early.js` applies the stored choice before the first paint.
#[derive(Clone, Copy)]
pub struct Theme(RwSignal<String>);

impl Theme {
    const KEY: &str = "latchkey.theme";

    fn start() -> Self {
        Self(RwSignal::new(storage::read(Self::KEY).unwrap_or_else(|_| "system".to_owned())))
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
