//! Whether a call comes from our own page. Calls that carry or set a cookie must: the browser adds cookies by itself,
//! so another site could make it act for its owner.

use super::api_error::ApiError;
use crate::app::App;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};
use latchkey_shared::ErrorCode;
use std::convert::Infallible;
use url::{Origin, Url};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// The longest origin that the log repeats.
const MAX_LOGGED_ORIGIN: usize = 120;

/// What the browser says of where the call comes from. A client that is no browser says nothing and is let through.
pub struct OriginCheck(Result<(), CrossOriginRequest>);

/// A call that comes from elsewhere.
struct CrossOriginRequest {
    app: App,
    origin: String,
}

impl OriginCheck {
    /// Refuses a call from another site. Most often it is our own page, opened at an address that is not its own: the
    /// answer names the right one, and the log both.
    pub fn required(&self) -> Result<(), ApiError> {
        let Err(CrossOriginRequest { app, origin }) = &self.0 else { return Ok(()) };
        let expected = app.config.public_url.origin();
        if let Some(untold) = app.wrong_origin_warnings.allow(app.clock.now()) {
            tracing::warn!(
                origin.seen = origin,
                origin.expected = expected,
                untold,
                "A call from another origin was refused: open the page at public_url, or set public_url to where it is opened"
            );
        }
        let detail =
            format!("This call comes from another origin than the page's. Open the page at {expected}");
        Err(ApiError::new(ErrorCode::WrongOrigin).with_detail(detail).with_public_url(expected))
    }
}

impl FromRequestParts<App> for OriginCheck {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let headers = &parts.headers;
        let is_ours = has_own_fetch_site(headers) && has_own_origin(headers, app);
        Ok(Self(if is_ours {
            Ok(())
        } else {
            Err(CrossOriginRequest { app: app.clone(), origin: origin_for_log(headers) })
        }))
    }
}

/// Fetch Metadata: `same-site` is another origin too, and `none` is the person themselves.
fn has_own_fetch_site(headers: &HeaderMap) -> bool {
    headers.get_all(FETCH_SITE).iter().all(|site| matches!(site.as_bytes(), b"same-origin" | b"none"))
}

/// Where privacy settings take the `Origin` away, the browser itself still says that it is the same one.
fn has_own_origin(headers: &HeaderMap, app: &App) -> bool {
    let is_ours =
        |origin: &str| (origin == "null" && is_same_origin(headers)) || is_own_origin(origin, headers, app);
    headers.get_all(header::ORIGIN).iter().all(|origin| origin.to_str().is_ok_and(is_ours))
}

/// The origin is the page's, or that of this very server. A proxy may rewrite `Host`, so the page's comes first.
pub(super) fn is_own_origin(origin: &str, headers: &HeaderMap, app: &App) -> bool {
    app.config.public_url.is_origin(origin) || is_host(origin, headers, app.config.public_url.is_https())
}

fn is_same_origin(headers: &HeaderMap) -> bool {
    headers.get(FETCH_SITE).is_some_and(|site| site == "same-origin")
}

/// Whether the call was sent to the very origin that it comes from. Where people come by https, a page that came without
/// it may be anybody's.
fn is_host(origin: &str, headers: &HeaderMap, only_https: bool) -> bool {
    let Some((scheme, from)) = origin.split_once("://") else { return false };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    host == Some(from) && (scheme == "https" || (scheme == "http" && !only_https))
}

/// The origin for the log: a scheme, a host and a port, or words that stand for anything else.
fn origin_for_log(headers: &HeaderMap) -> String {
    let Some(origin) = headers.get(header::ORIGIN) else { return "not named".to_owned() };
    let origin = origin.to_str().unwrap_or_default();
    let parsed = Url::parse(origin).map(|url| url.origin());
    match parsed {
        Ok(parsed @ Origin::Tuple(..)) if origin.len() <= MAX_LOGGED_ORIGIN => parsed.ascii_serialization(),
        _ if origin == "null" => "null".to_owned(),
        _ => "no web origin".to_owned(),
    }
}
