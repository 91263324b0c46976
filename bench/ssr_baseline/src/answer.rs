//! Answers: a page, compressed where the browser takes that, or the way to another one.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// The cookie that says that somebody is signed in.
const COOKIE: &str = "baseline=signed-in";

/// As hard as a server compresses what it has just drawn.
const QUALITY: i32 = 5;

/// What is sent.
pub enum Answer {
    /// A whole page.
    Page { html: String, compressed: bool },
    /// Look there instead, as somebody who is signed in or not.
    Redirect { location: &'static str, signed_in: bool },
    /// A template is wrong.
    Failed(String),
}

impl Answer {
    /// The page that a template has drawn.
    pub fn page(headers: &HeaderMap, drawn: Result<String, minijinja::Error>) -> Self {
        match drawn {
            Ok(html) => Self::Page { html, compressed: names(headers, header::ACCEPT_ENCODING, "br") },
            Err(error) => Self::Failed(error.to_string()),
        }
    }

    /// Leads to another page.
    pub fn redirect(location: &'static str) -> Self {
        Self::Redirect { location, signed_in: false }
    }

    /// Leads to another page, and notes that somebody is signed in.
    pub fn signed_in(location: &'static str) -> Self {
        Self::Redirect { location, signed_in: true }
    }
}

/// Whether the browser says that somebody is signed in.
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
