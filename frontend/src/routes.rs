//! Addresses of the pages, and the page that the browser shows.

use crate::effect::effect;
use crate::i18n::Texts;
use crate::platform::view_transition;
use leptos::prelude::*;
use leptos_router::hooks::use_location;
use leptos_router::location::{BrowserUrl, LocationProvider};

/// Page with its own address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Route {
    /// Start page: who is signed in, and suggestions.
    Home,
    /// Name and language.
    Profile,
    /// Password, data export, and deletion of the account.
    Security,
    /// Sessions of the account.
    Sessions,
    /// The access token explained.
    Token,
    /// Sign-in.
    LogIn,
    /// Sign-up.
    SignUp,
}

impl Route {
    /// Pages of a signed-in user, in the order of the navigation.
    pub const SIGNED_IN: [Self; 5] = [Self::Home, Self::Profile, Self::Security, Self::Sessions, Self::Token];

    /// Pages of all other users.
    const SIGNED_OUT: [Self; 2] = [Self::LogIn, Self::SignUp];

    /// Returns the page with this address.
    pub fn at(path: &str) -> Option<Self> {
        let path = path.strip_suffix('/').filter(|path| path.len() > 1).unwrap_or(path);
        Self::SIGNED_IN.into_iter().chain(Self::SIGNED_OUT).find(|page| page.href() == path)
    }

    /// Returns the address that links use.
    pub const fn href(self) -> &'static str {
        match self {
            Self::Home => "/",
            Self::Profile => "/account/profile",
            Self::Security => "/account/security",
            Self::Sessions => "/account/sessions",
            Self::Token => "/account/token",
            Self::LogIn => "/login",
            Self::SignUp => "/signup",
        }
    }

    /// Returns the page's name in the navigation.
    pub const fn name(self, texts: &Texts) -> &'static str {
        match self {
            Self::Home => texts.home,
            Self::Profile => texts.profile,
            Self::Security => texts.security,
            Self::Sessions => texts.sessions,
            Self::Token => texts.token,
            Self::LogIn => texts.sign_in,
            Self::SignUp => texts.create_account,
        }
    }
}

/// Page that the browser shows; none if its address belongs to no page.
#[derive(Clone, Copy)]
pub struct CurrentRoute(RwSignal<Option<Route>>);

impl CurrentRoute {
    /// Starts to follow the address; must be called below a `Router`. The routes of `leptos_router` would do more and
    /// be larger: they load a page while the previous one stays, and here there is nothing to load.
    pub fn start() -> Self {
        let (path, browser) = (use_location().pathname, use_context::<BrowserUrl>());
        let current_route = Self(RwSignal::new(path.with_untracked(|path| Route::at(path))));
        let painted = StoredValue::new(false);
        request_animation_frame(move || painted.set_value(true));
        effect(move || {
            let page = path.with(|path| Route::at(path));
            let browser = browser.clone();
            let update = move || {
                // A link has led here: the address bar may follow.
                if let Some(browser) = &browser {
                    browser.ready_to_complete();
                }
                // The latest address counts: the user may have moved on meanwhile.
                current_route.show(path.with_untracked(|path| Route::at(path)));
            };
            match painted.get_value() && current_route.transitions_to(page) {
                true => view_transition::transition(update),
                false => update(),
            }
        });
        current_route
    }

    fn show(self, page: Option<Route>) {
        if self.0.get_untracked() != page {
            self.0.set(page);
        }
    }

    /// Returns whether to animate the change to `page`. Leaving the pages of a signed-in user means signing out, which
    /// has already removed their content.
    fn transitions_to(self, page: Option<Route>) -> bool {
        let in_app_layout = |page: Option<Route>| page.is_some_and(|page| Route::SIGNED_IN.contains(&page));
        let now = self.0.get_untracked();
        now != page && (!in_app_layout(now) || in_app_layout(page))
    }

    /// Returns the page; reactive.
    pub fn page(self) -> Option<Route> {
        self.0.get()
    }
}

/// Returns the page that the browser shows, from any component.
#[expect(clippy::expect_used, reason = "the app provides it before it draws anything")]
pub fn use_current_route() -> CurrentRoute {
    use_context().expect("the app provides the address")
}

/// Returns the address of `page` (for sign-in or sign-up) that leads to `next` afterwards.
pub fn with_next(page: Route, next: &str) -> String {
    match safe_next(next) {
        None | Some("/") => page.href().to_owned(),
        Some(next) => format!("{}?next={}", page.href(), js_sys::encode_uri_component(next)),
    }
}

/// Returns `next` if it is safe to go to after signing in: one of the pages of a signed-in user, with or without a
/// query. Anything else, above all what a browser might read as an address outside the app, gives none.
pub fn safe_next(next: &str) -> Option<&str> {
    let odd = |c: char| c == '\\' || c == '#' || c.is_control() || c.is_whitespace();
    if next.contains(odd) {
        return None;
    }
    let path = next.split('?').next().unwrap_or_default();
    Route::SIGNED_IN.iter().any(|page| page.href() == path).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn every_page_is_found_at_its_address_and_nowhere_else() {
        for page in Route::SIGNED_IN.into_iter().chain(Route::SIGNED_OUT) {
            assert_eq!(Route::at(page.href()), Some(page));
        }
        assert_eq!(Route::at("/account/token/"), Some(Route::Token));
        for path in
            ["", "//", "/account", "/account/", "/account/token//", "/account/token/x", "/LOGIN", "login"]
        {
            assert_eq!(Route::at(path), None, "{path}");
        }
    }

    #[wasm_bindgen_test]
    fn next_leads_to_the_pages_of_a_signed_in_person() {
        for page in Route::SIGNED_IN {
            assert_eq!(safe_next(page.href()), Some(page.href()));
        }
        assert_eq!(safe_next("/account/sessions?show=ended"), Some("/account/sessions?show=ended"));
        assert_eq!(safe_next("/?from=//evil.example"), Some("/?from=//evil.example"));
    }

    #[wasm_bindgen_test]
    fn next_never_leads_outside_or_in_circles() {
        for next in [
            "",
            "account/token",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "https://evil.example/account/token",
            "javascript:alert(1)",
            " /account/token",
            "/account/token\n",
            "/\t/evil.example",
            "/account/../login",
            "/account/token/",
            "/account/token#//evil.example",
            "/%2F/evil.example",
            "/login",
            "/signup",
            "/login?next=/login",
            "/api/me",
            "/하늘",
        ] {
            assert_eq!(safe_next(next), None, "{next:?}");
        }
    }

    #[wasm_bindgen_test]
    fn next_travels_encoded_and_home_needs_none() {
        assert_eq!(with_next(Route::LogIn, "/"), "/login");
        assert_eq!(with_next(Route::LogIn, "//evil.example"), "/login");
        assert_eq!(
            with_next(Route::SignUp, "/account/token?a=b&c"),
            "/signup?next=%2Faccount%2Ftoken%3Fa%3Db%26c"
        );
    }
}
