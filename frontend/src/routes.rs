//! The page's own addresses, and which of them the browser shows.

use crate::effect::effect;
use crate::i18n::Texts;
use crate::platform::passing;
use leptos::prelude::*;
use leptos_router::hooks::use_location;
use leptos_router::location::{BrowserUrl, LocationProvider};

/// Every page that has an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Page {
    /// Who is signed in, and what to look after.
    Home,
    /// Name and language.
    Profile,
    /// Password, data, and the account's end.
    Security,
    /// Where the account is signed in.
    Sessions,
    /// The access token explained.
    Token,
    /// Signing in.
    LogIn,
    /// Making an account.
    SignUp,
}

impl Page {
    /// The pages of a signed-in person, in the order of the navigation.
    pub const SIGNED_IN: [Self; 5] = [Self::Home, Self::Profile, Self::Security, Self::Sessions, Self::Token];

    /// The pages of everybody else.
    const SIGNED_OUT: [Self; 2] = [Self::LogIn, Self::SignUp];

    /// The page with this address.
    pub fn at(path: &str) -> Option<Self> {
        let path = path.strip_suffix('/').filter(|path| path.len() > 1).unwrap_or(path);
        Self::SIGNED_IN.into_iter().chain(Self::SIGNED_OUT).find(|page| page.href() == path)
    }

    /// The address that links use.
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

    /// What the navigation calls the page.
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

/// The page that the browser shows; none where its address is no page's.
#[derive(Clone, Copy)]
pub struct Here(RwSignal<Option<Page>>);

impl Here {
    /// Follows the address from now on; below a `Router`. The routes of `leptos_router` would do more, and weigh more:
    /// they load pages while the one before stays, for which there is nothing to load here.
    pub fn start() -> Self {
        let (path, browser) = (use_location().pathname, use_context::<BrowserUrl>());
        let here = Self(RwSignal::new(path.with_untracked(|path| Page::at(path))));
        let painted = StoredValue::new(false);
        request_animation_frame(move || painted.set_value(true));
        effect(move || {
            let page = path.with(|path| Page::at(path));
            let browser = browser.clone();
            let turn = move || {
                // A link has led here: the address bar may follow.
                if let Some(browser) = &browser {
                    browser.ready_to_complete();
                }
                // The latest word counts: the person may have gone on meanwhile.
                here.show(path.with_untracked(|path| Page::at(path)));
            };
            match painted.get_value() && here.fades_to(page) {
                true => passing::pass(turn),
                false => turn(),
            }
        });
        here
    }

    fn show(self, page: Option<Page>) {
        if self.0.get_untracked() != page {
            self.0.set(page);
        }
    }

    /// Whether there is a page to lead the eye away from. Who leaves the pages of a signed-in person has signed out: what
    /// stood there has gone with that already.
    fn fades_to(self, page: Option<Page>) -> bool {
        let in_frame = |page: Option<Page>| page.is_some_and(|page| Page::SIGNED_IN.contains(&page));
        let now = self.0.get_untracked();
        now != page && (!in_frame(now) || in_frame(page))
    }

    /// The page, followed by views.
    pub fn page(self) -> Option<Page> {
        self.0.get()
    }
}

/// The page that the browser shows, from any component.
#[expect(clippy::expect_used, reason = "the app provides it before it draws anything")]
pub fn use_here() -> Here {
    use_context().expect("the app provides the address")
}

/// The address of `page` (a page to sign in or up on) that leads to `next` afterwards.
pub fn with_next(page: Page, next: &str) -> String {
    match safe_next(next) {
        None | Some("/") => page.href().to_owned(),
        Some(next) => format!("{}?next={}", page.href(), js_sys::encode_uri_component(next)),
    }
}

/// An address to go to after signing in: one of the pages of a signed-in person, with or without a query. Anything
/// else, and above all anything that a browser might read as an address outside the app, is none.
pub fn safe_next(next: &str) -> Option<&str> {
    let odd = |c: char| c == '\\' || c == '#' || c.is_control() || c.is_whitespace();
    if next.contains(odd) {
        return None;
    }
    let path = next.split('?').next().unwrap_or_default();
    Page::SIGNED_IN.iter().any(|page| page.href() == path).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn every_page_is_found_at_its_address_and_nowhere_else() {
        for page in Page::SIGNED_IN.into_iter().chain(Page::SIGNED_OUT) {
            assert_eq!(Page::at(page.href()), Some(page));
        }
        assert_eq!(Page::at("/account/token/"), Some(Page::Token));
        for path in
            ["", "//", "/account", "/account/", "/account/token//", "/account/token/x", "/LOGIN", "login"]
        {
            assert_eq!(Page::at(path), None, "{path}");
        }
    }

    #[wasm_bindgen_test]
    fn next_leads_to_the_pages_of_a_signed_in_person() {
        for page in Page::SIGNED_IN {
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
        assert_eq!(with_next(Page::LogIn, "/"), "/login");
        assert_eq!(with_next(Page::LogIn, "//evil.example"), "/login");
        assert_eq!(
            with_next(Page::SignUp, "/account/token?a=b&c"),
            "/signup?next=%2Faccount%2Ftoken%3Fa%3Db%26c"
        );
    }
}
