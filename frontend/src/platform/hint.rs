//! A mark of what this browser holds. The refresh cookie is hidden from scripts, and local storage may be blocked or have
//! been cleared; this cookie without a secret saves a first visit the question whether there is a session.

use wasm_bindgen::JsCast;
use web_sys::HtmlDocument;

/// What the browser holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mark {
    /// A session that is kept when the browser is closed.
    Lasting,
    /// A session that ends with the browser, as this mark does.
    Passing,
    /// A session that the person has left, and the server has yet to hear of it.
    Leaving,
}

const NAME: &str = "latchkey_hint=";
/// As long as any session lasts. A mark that outlives its session costs one question.
const AGE: &str = "; Max-Age=7776000";

impl Mark {
    const ALL: [Self; 3] = [Self::Lasting, Self::Passing, Self::Leaving];

    fn name(self) -> &'static str {
        match self {
            Self::Lasting => "1",
            Self::Passing => "passing",
            Self::Leaving => "leaving",
        }
    }
}

/// The mark that is there.
pub fn read() -> Option<Mark> {
    let cookies = cookies()?;
    let name = cookies.split(';').find_map(|cookie| cookie.trim_start().strip_prefix(NAME))?;
    Mark::ALL.into_iter().find(|mark| mark.name() == name)
}

/// Leaves a mark, or removes the one that is there.
pub fn keep(mark: Option<Mark>) {
    let Some(document) = document() else { return };
    let age = match mark {
        Some(Mark::Lasting | Mark::Leaving) => AGE,
        Some(Mark::Passing) => "",
        None => "; Max-Age=0",
    };
    let name = mark.map_or("", Mark::name);
    let secure = if is_https() { "; Secure" } else { "" };
    // Where cookies are blocked there is no session to point at either.
    let _ = document.set_cookie(&format!("{NAME}{name}; Path=/; SameSite=Strict{age}{secure}"));
}

fn cookies() -> Option<String> {
    document()?.cookie().ok()
}

fn document() -> Option<HtmlDocument> {
    web_sys::window()?.document()?.dyn_into().ok()
}

fn is_https() -> bool {
    web_sys::window().and_then(|window| window.location().protocol().ok()).is_some_and(|p| p == "https:")
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn a_mark_stays_until_another_takes_its_place_or_it_is_removed() {
        for mark in Mark::ALL {
            keep(Some(mark));
            assert_eq!(read(), Some(mark));
        }
        keep(None);
        assert_eq!(read(), None);
    }
}
