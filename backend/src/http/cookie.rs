//! The cookies of a sign-in. One carries the refresh token: no script can read it, and no other site can make the browser
//! send it. The other is a mark without a secret that tells the page whether to ask for a session. See ADR 23.

use crate::app::App;
use crate::config::PublicUrl;
use crate::tokens::RefreshTokenError;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponseParts, ResponseParts};
use latchkey_shared::{HINT_COOKIE, HINT_PERSISTENT, HINT_SESSION_ONLY, Secret};
use std::convert::Infallible;
use std::time::Duration;

/// The name before names told the scheme and the port; still read, and moved over.
const LEGACY_NAME: &str = "latchkey_refresh";
/// The only path that takes the cookie, where its name does not ask for another.
const PATH: &str = "/api/auth";
/// Paths from which a browser sends a cookie of the same name along as well.
const STRAY_PATHS: [&str; 2] = ["/", "/api"];

/// The refresh tokens that came: a browser sends every cookie of a name, that of this path or host and any that another
/// path or a parent domain has set.
pub struct RefreshCookie {
    tokens: Vec<Secret>,
    /// How many of them came under the present name; they stand first.
    current: usize,
    legacy: LegacyCookies,
}

/// What came under the old name, which all installations on a host share.
#[derive(Clone, Copy, Default)]
struct LegacyCookies {
    /// A token of this server's.
    ours: bool,
    /// A token of somebody else's.
    foreign: bool,
    /// More than one.
    multiple: bool,
}

/// The cookies that an answer sets.
#[derive(Default)]
pub struct SetCookies(Vec<Secret>);

impl RefreshCookie {
    /// The tokens that came, in no order that means anything.
    pub fn tokens(&self) -> &[Secret] {
        &self.tokens
    }
}

impl SetCookies {
    /// Keeps the token for so long; without a time, until the browser's window closes.
    pub fn issue(app: &App, token: &Secret, max_age: Option<Duration>) -> Self {
        let age = max_age.map(|span| format!("; Max-Age={}", span.as_secs())).unwrap_or_default();
        let mark = if max_age.is_some() { HINT_PERSISTENT } else { HINT_SESSION_ONLY };
        let url = &app.config.public_url;
        Self(vec![refresh_cookie(url, token.expose(), &age), self::mark(url, mark, &age)])
    }

    /// Makes the browser forget the token, whichever name it has there. What another installation on this host has under
    /// the old name stays.
    pub fn clear(app: &App, received: &RefreshCookie) -> Self {
        const EXPIRED: &str = "; Max-Age=0";
        let url = &app.config.public_url;
        let mut cookies = Self(vec![refresh_cookie(url, "", EXPIRED), mark(url, "", EXPIRED)]);
        cookies.remove_strays(url, received, true);
        cookies
    }

    /// Removes what stands beside the present cookie as well: the one of the old name, once its session is known to be
    /// this server's, and what other paths bring.
    pub fn without_strays(mut self, app: &App, received: &RefreshCookie) -> Self {
        self.remove_strays(&app.config.public_url, received, received.legacy.ours);
        self
    }

    fn remove_strays(&mut self, url: &PublicUrl, received: &RefreshCookie, removes_legacy: bool) {
        let current = cookie_name(url);
        // The prefix of https leaves room for one cookie alone.
        if received.current > 1 && !url.is_https() {
            self.0.extend(STRAY_PATHS.map(|path| expired_cookie(url, &current, path)));
        }
        if !removes_legacy || received.legacy.foreign || current == LEGACY_NAME {
            return;
        }
        self.0.push(expired_cookie(url, LEGACY_NAME, PATH));
        if received.legacy.multiple {
            self.0.extend(STRAY_PATHS.map(|path| expired_cookie(url, LEGACY_NAME, path)));
        }
    }
}

/// The refresh cookie's name. Under https the browser itself sees to it that no other host and no page that came without
/// encryption has set it (RFC 6265bis §4.1.3.2).
fn cookie_name(url: &PublicUrl) -> String {
    let prefix = if url.is_https() { "__Host-" } else { "" };
    format!("{prefix}{LEGACY_NAME}{}", url.port_suffix())
}

fn refresh_cookie(url: &PublicUrl, value: &str, age: &str) -> Secret {
    // The prefix asks for this path.
    let path = if url.is_https() { "/" } else { PATH };
    set(url, &cookie_name(url), value, &format!("; Path={path}{age}; HttpOnly"))
}

fn mark(url: &PublicUrl, value: &str, age: &str) -> Secret {
    set(url, &format!("{HINT_COOKIE}{}", url.port_suffix()), value, &format!("; Path=/{age}"))
}

/// Removes a refresh cookie of this name and path.
fn expired_cookie(url: &PublicUrl, name: &str, path: &str) -> Secret {
    set(url, name, "", &format!("; Path={path}; Max-Age=0; HttpOnly"))
}

fn set(url: &PublicUrl, name: &str, value: &str, attributes: &str) -> Secret {
    let secure = if url.is_https() { "; Secure" } else { "" };
    format!("{name}={value}{attributes}; SameSite=Strict{secure}").into()
}

impl FromRequestParts<App> for RefreshCookie {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let name = cookie_name(&app.config.public_url);
        let mut tokens = values(&parts.headers, &name);
        let current = tokens.len();
        let old = if name == LEGACY_NAME { Vec::new() } else { values(&parts.headers, LEGACY_NAME) };
        let now = app.clock.now();
        let is_foreign =
            |token| matches!(app.refresh_tokens.read(token, now), Err(RefreshTokenError::Invalid));
        let legacy_cookies = LegacyCookies {
            ours: old.iter().any(|token| !is_foreign(token)),
            foreign: old.iter().any(is_foreign),
            multiple: old.len() > 1,
        };
        tokens.extend(old);
        Ok(Self { tokens, current, legacy: legacy_cookies })
    }
}

/// Every value of the cookies of this name. Byte by byte: one header carries the cookies of every app on this host, and
/// theirs need not be ASCII. No more than a request's head holds.
fn values(headers: &HeaderMap, name: &str) -> Vec<Secret> {
    let headers = headers.get_all(header::COOKIE).iter();
    let pairs = headers.flat_map(|value| value.as_bytes().split(|byte| *byte == b';'));
    let values = pairs.filter_map(|pair| pair.trim_ascii().strip_prefix(name.as_bytes())?.strip_prefix(b"="));
    values
        .filter_map(|value| std::str::from_utf8(value).ok())
        .map(unquoted)
        .filter(|value| !value.is_empty())
        .map(Secret::from)
        .collect()
}

/// Some clients put the value between quotes (RFC 6265 §4.1.1).
fn unquoted(value: &str) -> &str {
    let value = value.trim();
    value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value)
}

impl IntoResponseParts for SetCookies {
    type Error = Infallible;
    fn into_response_parts(self, mut response: ResponseParts) -> Result<ResponseParts, Infallible> {
        for cookie in self.0 {
            if let Ok(mut value) = HeaderValue::from_str(cookie.expose()) {
                value.set_sensitive(true);
                response.headers_mut().append(header::SET_COOKIE, value);
            }
        }
        Ok(response)
    }
}
