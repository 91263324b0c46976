//! Extractor for the DPoP proof of a request (RFC 9449 §4).

use crate::config::KeyBinding;
use crate::http::{ApiError, HttpState, RequestContext, is_own_origin};
use crate::sessions::Sessions;
use crate::tokens::{Proof, ProofError, ProofTarget};
use axum::extract::FromRequestParts;
use axum::http::HeaderName;
use axum::http::request::Parts;
use std::convert::Infallible;

const DPOP: HeaderName = HeaderName::from_static("dpop");

/// Verified proof of the request, if it carries one and `sessions.bind` is not `off`.
pub struct MaybeProof(Result<Option<Proof>, ProofError>);

impl MaybeProof {
    /// Returns the proof, or the error if it is invalid. To be called after [`OriginCheck`](crate::http::OriginCheck): a page
    /// at another address than its own makes its proofs for that address, and needs the error that names the right one.
    pub fn checked(self) -> Result<Option<Proof>, ApiError> {
        Ok(self.0?)
    }
}

impl<S: AsRef<HttpState> + AsRef<Sessions> + Send + Sync> FromRequestParts<S> for MaybeProof {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        Ok(Self(read(parts, state.as_ref(), state.as_ref())))
    }
}

fn read(parts: &Parts, http: &HttpState, service: &Sessions) -> Result<Option<Proof>, ProofError> {
    if service.config.sessions.bind == KeyBinding::Off {
        return Ok(None);
    }
    let mut values = parts.headers.get_all(DPOP).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(ProofError::Invalid("only one proof may come with a call"));
    }
    let text = value.to_str().map_err(|_| ProofError::Invalid("a proof is a JWT of three parts"))?;
    let now = parts
        .extensions
        .get::<RequestContext>()
        .map_or_else(|| service.clock.now(), |context| context.received_at);
    Ok(Some(service.tokens.proofs.verify(text, |target| is_this_call(target, parts, http), now)?))
}

/// Returns whether the proof was made for this request. A proxy may rewrite `Host`, so the page's own address counts as
/// well as the server's.
fn is_this_call(target: &ProofTarget, parts: &Parts, http: &HttpState) -> bool {
    let origin = target.url.origin().ascii_serialization();
    target.method == parts.method.as_str()
        && target.url.path() == parts.uri.path()
        && is_own_origin(&origin, &parts.headers, http)
}
