//! The cookie that carries the refresh token. No script can read it, and no other site can make the browser send it.

use crate::app::App;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponseParts, ResponseParts};
use latchkey_shared::Secret;
use std::convert::Infallible;
use std::time::Duration;

const NAME: &str = "latchkey_refresh";

/// The cookie as it came, or as it is set.
pub struct Cookie(Option<Secret>);

impl Cookie {
    /// The refresh token that came.
    pub fn token(&self) -> Option<Secret> {
        self.0.clone()
    }

    /// Keeps the token for so long; without a time, until the browser's window closes.
    pub fn keeping(app: &App, token: &Secret, kept_for: Option<Duration>) -> Self {
        let age = kept_for.map(|span| format!("; Max-Age={}", span.as_secs())).unwrap_or_default();
        Self::set(app, token.expose(), &age)
    }

    /// Makes the browser forget the token.
    pub fn cleared(app: &App) -> Self {
        Self::set(app, "", "; Max-Age=0")
    }

    fn set(app: &App, value: &str, age: &str) -> Self {
        let secure = if app.config.public_url.is_https() { "; Secure" } else { "" };
        let text = format!("{NAME}={value}; Path=/api/auth{age}; HttpOnly; SameSite=Strict{secure}");
        Self(Some(text.into()))
    }
}

impl FromRequestParts<App> for Cookie {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Infallible> {
        // Byte by byte: one header carries the cookies of every app on this host, and theirs need not be ASCII.
        let headers = parts.headers.get_all(header::COOKIE).iter();
        let token = headers
            .flat_map(|value| value.as_bytes().split(|byte| *byte == b';'))
            .filter_map(|pair| pair.trim_ascii().strip_prefix(NAME.as_bytes())?.strip_prefix(b"="))
            .find_map(|value| std::str::from_utf8(value).ok().filter(|value| !value.is_empty()));
        Ok(Self(token.map(Secret::from)))
    }
}

impl IntoResponseParts for Cookie {
    type Error = Infallible;
    fn into_response_parts(self, mut response: ResponseParts) -> Result<ResponseParts, Infallible> {
        let text = self.0.as_ref().map(Secret::expose).unwrap_or_default();
        if let Ok(mut value) = HeaderValue::from_str(text) {
            value.set_sensitive(true);
            response.headers_mut().append(header::SET_COOKIE, value);
        }
        Ok(response)
    }
}
