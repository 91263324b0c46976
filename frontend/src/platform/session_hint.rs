//! A mark of what this browser holds. The refresh cookie is hidden from scripts, and local storage may be blocked or have
//! been cleared; this cookie without a secret saves a first visit the question whether there is a session. The server sets
//! it beside the refresh cookie: WebKit deletes what a script has set after a week.

use latchkey_shared::{HINT_COOKIE, HINT_PERSISTENT, HINT_SESSION_ONLY, port_suffix};
use wasm_bindgen::JsCast;
use web_sys::HtmlDocument;

/// What the browser holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SessionHint {
    /// A session that is kept when the browser is closed.
    Persistent,
    /// A session that ends with the browser, as this mark does.
    BrowserSession,
    /// A session that the person has left, and the server has yet to hear of it.
    SigningOut,
}

/// As long as any session lasts. A mark that outlives its session costs one question.
const MAX_AGE: &str = "; Max-Age=7776000";

impl SessionHint {
    const ALL: [Self; 3] = [Self::Persistent, Self::BrowserSession, Self::SigningOut];

    fn name(self) -> &'static str {
        match self {
            Self::Persistent => HINT_PERSISTENT,
            Self::BrowserSession => HINT_SESSION_ONLY,
            Self::SigningOut => "leaving",
        }
    }
}

/// The mark that is there.
pub fn read() -> Option<SessionHint> {
    read_cookie(&name())
}

/// Whether a session that goes with the browser has left the mark of a page which did not yet tell the ports of a host
/// apart. It may be another installation's.
pub fn is_browser_session_without_port() -> bool {
    read_cookie(HINT_COOKIE) == Some(SessionHint::BrowserSession)
}

fn read_cookie(name: &str) -> Option<SessionHint> {
    let cookies = document()?.cookie().ok()?;
    let value = |cookie: &str| Some(cookie.trim_start().strip_prefix(name)?.strip_prefix('=')?.to_owned());
    let value = cookies.split(';').find_map(value)?;
    SessionHint::ALL.into_iter().find(|hint| hint.name() == value)
}

fn name() -> String {
    let port = web_sys::window().and_then(|window| window.location().port().ok());
    format!("{HINT_COOKIE}{}", port_suffix(is_https(), port.and_then(|port| port.parse().ok())))
}

/// Leaves a mark, or removes the one that is there. One that the server has set, and that says the same, stays as it is.
pub fn write(hint: Option<SessionHint>) {
    if hint.is_some() && read() == hint {
        return;
    }
    let Some(document) = document() else { return };
    let age = match hint {
        Some(SessionHint::Persistent | SessionHint::SigningOut) => MAX_AGE,
        Some(SessionHint::BrowserSession) => "",
        None => "; Max-Age=0",
    };
    let value = hint.map_or("", SessionHint::name);
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
        for hint in SessionHint::ALL {
            write(Some(hint));
            assert_eq!(read(), Some(hint));
        }
        write(None);
        assert_eq!(read(), None);
    }

    #[wasm_bindgen_test]
    fn the_mark_of_another_port_is_not_this_ones() {
        write(Some(SessionHint::Persistent));
        assert_eq!((read_cookie("latchkey_hint_1"), read_cookie("latchkey")), (None, None));
        assert_eq!(read_cookie(&name()), Some(SessionHint::Persistent));
        write(None);
    }
}
