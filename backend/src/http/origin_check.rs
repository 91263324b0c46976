//! Origin check for requests that carry or set a cookie: they must come from our own page. The browser adds cookies by
//! itself, so another site could make it act for its owner.

use super::api_error::ApiError;
use super::state::HttpState;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};
use latchkey_shared::ErrorCode;
use std::convert::Infallible;
use url::{Origin, Url};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// Maximum length in bytes of an origin that is logged.
const MAX_LOGGED_ORIGIN: usize = 120;

/// Result of checking the origin that the browser states. A client that is not a browser states none and passes.
pub struct OriginCheck(Result<(), CrossOriginRequest>);

/// Request from another origin.
struct CrossOriginRequest {
    http: HttpState,
    origin: String,
}

impl OriginCheck {
    /// Rejects a request from another origin. Most often it comes from our own page, opened at an address other than
    /// `public_url`: the response names the right one, and the log both.
    pub fn required(&self) -> Result<(), ApiError> {
        let Err(CrossOriginRequest { http, origin }) = &self.0 else { return Ok(()) };
        let expected = http.config.public_url.origin();
        if let Some(untold) = http.wrong_origin_warnings.allow(http.clock.now()) {
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

impl<S: AsRef<HttpState> + Send + Sync> FromRequestParts<S> for OriginCheck {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let (http, headers) = (state.as_ref(), &parts.headers);
        let is_ours = has_own_fetch_site(headers) && has_own_origin(headers, http);
        Ok(Self(if is_ours {
            Ok(())
        } else {
            Err(CrossOriginRequest { http: http.clone(), origin: origin_for_log(headers) })
        }))
    }
}

/// Checks Fetch Metadata: `same-site` is another origin too, and `none` is a request that the user started.
fn has_own_fetch_site(headers: &HeaderMap) -> bool {
    headers.get_all(FETCH_SITE).iter().all(|site| matches!(site.as_bytes(), b"same-origin" | b"none"))
}

/// Checks `Origin`. Where privacy settings replace it with `null`, `Sec-Fetch-Site` still shows that it is the same
/// origin.
fn has_own_origin(headers: &HeaderMap, http: &HttpState) -> bool {
    let is_ours =
        |origin: &str| (origin == "null" && is_same_origin(headers)) || is_own_origin(origin, headers, http);
    headers.get_all(header::ORIGIN).iter().all(|origin| origin.to_str().is_ok_and(is_ours))
}

/// Returns whether the origin is the page's or this server's. A proxy may rewrite `Host`, so the page's is checked
/// first.
pub(crate) fn is_own_origin(origin: &str, headers: &HeaderMap, http: &HttpState) -> bool {
    http.config.public_url.is_origin(origin) || is_host(origin, headers, http.config.public_url.is_https())
}

fn is_same_origin(headers: &HeaderMap) -> bool {
    headers.get(FETCH_SITE).is_some_and(|site| site == "same-origin")
}

/// Returns whether the request was sent to the origin that it comes from. If the public URL is https, a page that was
/// loaded over http is not trusted: anybody may have sent it.
fn is_host(origin: &str, headers: &HeaderMap, only_https: bool) -> bool {
    let Some((scheme, from)) = origin.split_once("://") else { return false };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    host == Some(from) && (scheme == "https" || (scheme == "http" && !only_https))
}

/// Returns the origin for the log: a scheme, a host and a port, or a placeholder for anything else.
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
