//! Responses: a page, compressed if the browser accepts that, or a redirect.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// The cookie of a signed-in browser.
const COOKIE: &str = "baseline=signed-in";

/// Brotli quality, as usual for pages that are rendered per request.
const QUALITY: i32 = 5;

/// A response.
pub enum Answer {
    /// A whole page.
    Page { html: String, compressed: bool },
    /// A redirect, which sets the cookie if `signed_in`.
    Redirect { location: &'static str, signed_in: bool },
    /// An error in a template.
    Failed(String),
}

impl Answer {
    /// Creates the response for a rendered template.
    pub fn page(headers: &HeaderMap, drawn: Result<String, minijinja::Error>) -> Self {
        match drawn {
            Ok(html) => Self::Page { html, compressed: names(headers, header::ACCEPT_ENCODING, "br") },
            Err(error) => Self::Failed(error.to_string()),
        }
    }

    /// Redirects to another page.
    pub fn redirect(location: &'static str) -> Self {
        Self::Redirect { location, signed_in: false }
    }

    /// Redirects to another page, and sets the cookie of a signed-in browser.
    pub fn signed_in(location: &'static str) -> Self {
        Self::Redirect { location, signed_in: true }
    }
}

/// Returns whether the request has the cookie of a signed-in browser.
pub fn is_signed_in(headers: &HeaderMap) -> bool {
    names(headers, header::COOKIE, COOKIE)
}

fn names(headers: &HeaderMap, name: header::HeaderName, what: &str) -> bool {
    let value = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split([',', ';']).any(|part| part.trim() == what)
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        match self {
            Self::Page { html, compressed } => page(html, compressed),
            Self::Redirect { location, signed_in } => {
                let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response();
                if signed_in {
                    let cookie = header::HeaderValue::from_static(
                        "baseline=signed-in; Path=/; HttpOnly; SameSite=Strict",
                    );
                    response.headers_mut().insert(header::SET_COOKIE, cookie);
                }
                response
            }
            Self::Failed(why) => (StatusCode::INTERNAL_SERVER_ERROR, why).into_response(),
        }
    }
}

fn page(html: String, compressed: bool) -> Response {
    let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    let mut bytes = Vec::new();
    let quality = brotli::enc::BrotliEncoderParams { quality: QUALITY, ..Default::default() };
    if compressed && brotli::BrotliCompress(&mut html.as_bytes(), &mut bytes, &quality).is_ok() {
        return (headers, [(header::CONTENT_ENCODING, "br")], bytes).into_response();
    }
    (headers, html).into_response()
}
