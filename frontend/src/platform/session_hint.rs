//! Session hint: a cookie without a secret that records whether this browser has a session. The refresh cookie is
//! hidden from scripts, and local storage may be blocked or cleared; the hint saves a first visit the request for a
//! session. The server sets it with the refresh cookie, because WebKit deletes cookies set by scripts after a week.

use latchkey_shared::{HINT_COOKIE, HINT_PERSISTENT, HINT_SESSION_ONLY, port_suffix};
use wasm_bindgen::JsCast;
use web_sys::HtmlDocument;

/// Session that the browser has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SessionHint {
    /// A session that outlives the browser's closing.
    Persistent,
    /// A session that ends with the browser, as this hint does.
    BrowserSession,
    /// A session that the user has left, without confirmation by the server yet.
    SigningOut,
}

/// Cookie attribute with a lifetime of 90 days, as long as any session. A hint that outlives its session costs one
/// request.
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

/// Returns the current hint.
pub fn read() -> Option<SessionHint> {
    read_cookie(&name())
}

/// Returns whether a browser session's hint exists under the name used by earlier versions, which did not distinguish a
/// host's ports. It may belong to another installation.
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

/// Sets the hint, or removes it. A hint that the server has set stays unchanged if it has the same value.
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
    // If cookies are blocked, there is no session to record either.
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
