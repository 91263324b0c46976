//! Whether a call comes from our own page. Calls that carry or set a cookie must: the browser adds cookies by itself,
//! so another site could make it act for its owner.

use super::problem::Refusal;
use crate::app::App;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};
use latchkey_shared::ErrorCode;
use std::convert::Infallible;

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What the browser says of where the call comes from. A client that is no browser says nothing and is let through.
pub struct SameSite(bool);

impl SameSite {
    /// Refuses a call from another site.
    pub fn required(&self) -> Result<(), Refusal> {
        if self.0 { Ok(()) } else { Err(Refusal::new(ErrorCode::WrongOrigin)) }
    }
}

impl FromRequestParts<App> for SameSite {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(Self(fetched_from_here(&parts.headers) && sent_from_here(&parts.headers, app)))
    }
}

/// Fetch Metadata: `same-site` is another origin too, and `none` is the person themselves.
fn fetched_from_here(headers: &HeaderMap) -> bool {
    headers.get(FETCH_SITE).is_none_or(|site| matches!(site.as_bytes(), b"same-origin" | b"none"))
}

/// The `Origin` is the page's, or that of this very server. A proxy may rewrite `Host`, so the page's comes first.
fn sent_from_here(headers: &HeaderMap, app: &App) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    app.config.public_url.is_origin(origin) || is_host(origin, headers, app.config.public_url.is_https())
}

/// Whether the call was sent to the very origin that it comes from. Where people come by https, a page that came without
/// it may be anybody's.
fn is_host(origin: &str, headers: &HeaderMap, only_https: bool) -> bool {
    let Some((scheme, from)) = origin.split_once("://") else { return false };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    host == Some(from) && (scheme == "https" || (scheme == "http" && !only_https))
}
