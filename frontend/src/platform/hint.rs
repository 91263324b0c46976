//! A mark of what this browser holds. The refresh cookie is hidden from scripts, and local storage may be blocked or have
//! been cleared; this cookie without a secret saves a first visit the question whether there is a session. The server sets
//! it beside the refresh cookie: WebKit deletes what a script has set after a week.

use latchkey_shared::{MARK, MARK_LASTING, MARK_PASSING, port_suffix};
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

/// As long as any session lasts. A mark that outlives its session costs one question.
const AGE: &str = "; Max-Age=7776000";

impl Mark {
    const ALL: [Self; 3] = [Self::Lasting, Self::Passing, Self::Leaving];

    fn name(self) -> &'static str {
        match self {
            Self::Lasting => MARK_LASTING,
            Self::Passing => MARK_PASSING,
            Self::Leaving => "leaving",
        }
    }
}

/// The mark that is there.
pub fn read() -> Option<Mark> {
    called(&name())
}

/// Whether a session that goes with the browser has left the mark of a page which did not yet tell the ports of a host
/// apart. It may be another installation's.
pub fn is_passing_without_port() -> bool {
    called(MARK) == Some(Mark::Passing)
}

fn called(name: &str) -> Option<Mark> {
    let cookies = document()?.cookie().ok()?;
    let value = |cookie: &str| Some(cookie.trim_start().strip_prefix(name)?.strip_prefix('=')?.to_owned());
    let value = cookies.split(';').find_map(value)?;
    Mark::ALL.into_iter().find(|mark| mark.name() == value)
}

fn name() -> String {
    let port = web_sys::window().and_then(|window| window.location().port().ok());
    format!("{MARK}{}", port_suffix(is_https(), port.and_then(|port| port.parse().ok())))
}

/// Leaves a mark, or removes the one that is there. One that the server has set, and that says the same, stays as it is.
pub fn keep(mark: Option<Mark>) {
    if mark.is_some() && read() == mark {
        return;
    }
    let Some(document) = document() else { return };
    let age = match mark {
        Some(Mark::Lasting | Mark::Leaving) => AGE,
        Some(Mark::Passing) => "",
        None => "; Max-Age=0",
    };
    let value = mark.map_or("", Mark::name);
    let secure = if is_https() { "; Secure" } else { "" };
    // Where cookies are blocked there is no session to point at either.
    let _ = document.set_cookie(&format!("{}={value}; Path=/; SameSite=Strict{age}{secure}", name()));
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

    #[wasm_bindgen_test]
    fn the_mark_of_another_port_is_not_this_ones() {
        keep(Some(Mark::Lasting));
        assert_eq!((called("latchkey_hint_1"), called("latchkey")), (None, None));
        assert_eq!(called(&name()), Some(Mark::Lasting));
        keep(None);
    }
}
