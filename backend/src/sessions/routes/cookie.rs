//! Cookies of a sign-in. One carries the refresh token: no script can read it, and no other site can make the browser
//! send it. The other is a hint without a secret that tells the page whether to request a session. See ADR 23.

use crate::config::PublicUrl;
use crate::sessions::Sessions;
use crate::tokens::RefreshTokenError;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponseParts, ResponseParts};
use latchkey_shared::{HINT_COOKIE, HINT_PERSISTENT, HINT_SESSION_ONLY, Secret};
use std::convert::Infallible;
use std::time::Duration;

/// Cookie name of earlier versions, without scheme and port; still read, and migrated.
const LEGACY_NAME: &str = "latchkey_refresh";
/// The only path that needs the cookie; used unless the cookie's name requires another.
const PATH: &str = "/api/auth";
/// Other paths whose cookies of the same name a browser sends along.
const STRAY_PATHS: [&str; 2] = ["/", "/api"];

/// Refresh tokens of a request. A browser sends every cookie of a name: the one of this path or host, and any that
/// another path or a parent domain has set.
pub struct RefreshCookie {
    tokens: Vec<Secret>,
    /// Number of tokens under the current name; they come first.
    current: usize,
    legacy: LegacyCookies,
}

/// Cookies under the legacy name, which all installations on a host share.
#[derive(Clone, Copy, Default)]
struct LegacyCookies {
    /// At least one token is from this server.
    ours: bool,
    /// At least one token is not from this server.
    foreign: bool,
    /// There is more than one cookie.
    multiple: bool,
}

/// Cookies that a response sets.
#[derive(Default)]
pub struct SetCookies(Vec<Secret>);

impl RefreshCookie {
    /// Returns the received tokens, in no meaningful order.
    pub fn tokens(&self) -> &[Secret] {
        &self.tokens
    }
}

impl SetCookies {
    /// Sets the cookies for `max_age`; without one, until the browser window is closed.
    pub fn issue(url: &PublicUrl, token: &Secret, max_age: Option<Duration>) -> Self {
        let age = max_age.map(|span| format!("; Max-Age={}", span.as_secs())).unwrap_or_default();
        let mark = if max_age.is_some() { HINT_PERSISTENT } else { HINT_SESSION_ONLY };
        Self(vec![refresh_cookie(url, token.expose(), &age), self::mark(url, mark, &age)])
    }

    /// Removes the token from the browser, under whichever name it has there. Legacy cookies of another installation on
    /// this host stay.
    pub fn clear(url: &PublicUrl, received: &RefreshCookie) -> Self {
        const EXPIRED: &str = "; Max-Age=0";
        let mut cookies = Self(vec![refresh_cookie(url, "", EXPIRED), mark(url, "", EXPIRED)]);
        cookies.remove_strays(url, received, true);
        cookies
    }

    /// Also removes stray cookies: the legacy one, once its session is known to be this server's, and those of other
    /// paths.
    pub fn without_strays(mut self, url: &PublicUrl, received: &RefreshCookie) -> Self {
        self.remove_strays(url, received, received.legacy.ours);
        self
    }

    fn remove_strays(&mut self, url: &PublicUrl, received: &RefreshCookie, removes_legacy: bool) {
        let current = cookie_name(url);
        // The `__Host-` prefix of https allows only one cookie.
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

/// Returns the name of the refresh cookie. Under https, its prefix makes the browser ensure that no other host and no
/// page that was loaded without encryption has set it (RFC 6265bis §4.1.3.2).
fn cookie_name(url: &PublicUrl) -> String {
    let prefix = if url.is_https() { "__Host-" } else { "" };
    format!("{prefix}{LEGACY_NAME}{}", url.port_suffix())
}

fn refresh_cookie(url: &PublicUrl, value: &str, age: &str) -> Secret {
    // The `__Host-` prefix requires this path.
    let path = if url.is_https() { "/" } else { PATH };
    set(url, &cookie_name(url), value, &format!("; Path={path}{age}; HttpOnly"))
}

fn mark(url: &PublicUrl, value: &str, age: &str) -> Secret {
    set(url, &format!("{HINT_COOKIE}{}", url.port_suffix()), value, &format!("; Path=/{age}"))
}

/// Returns the header value that removes the refresh cookie of this name and path.
fn expired_cookie(url: &PublicUrl, name: &str, path: &str) -> Secret {
    set(url, name, "", &format!("; Path={path}; Max-Age=0; HttpOnly"))
}

fn set(url: &PublicUrl, name: &str, value: &str, attributes: &str) -> Secret {
    let secure = if url.is_https() { "; Secure" } else { "" };
    format!("{name}={value}{attributes}; SameSite=Strict{secure}").into()
}

impl<S: AsRef<Sessions> + Send + Sync> FromRequestParts<S> for RefreshCookie {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let service = state.as_ref();
        let name = cookie_name(&service.config.public_url);
        let mut tokens = values(&parts.headers, &name);
        let current = tokens.len();
        let old = if name == LEGACY_NAME { Vec::new() } else { values(&parts.headers, LEGACY_NAME) };
        let now = service.clock.now();
        let is_foreign =
            |token| matches!(service.tokens.refresh_tokens.read(token, now), Err(RefreshTokenError::Invalid));
        let legacy_cookies = LegacyCookies {
            ours: old.iter().any(|token| !is_foreign(token)),
            foreign: old.iter().any(is_foreign),
            multiple: old.len() > 1,
        };
        tokens.extend(old);
        Ok(Self { tokens, current, legacy: legacy_cookies })
    }
}

/// Returns every value of the cookies of this name. It compares bytes: one header carries the cookies of every app on
/// this host, which need not be ASCII. Only the size of a request's head limits their number.
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

/// Removes the quotes that some clients put around the value (RFC 6265 §4.1.1).
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
