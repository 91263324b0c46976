//! The DPoP proof of a call (RFC 9449 §4): checked here, before any handler runs.

use super::arrival::Arrival;
use super::problem::Refusal;
use super::same_site::is_own_origin;
use crate::app::App;
use crate::config::Binding;
use crate::tokens::{Proof, ProofError, Target};
use axum::extract::FromRequestParts;
use axum::http::HeaderName;
use axum::http::request::Parts;

const DPOP: HeaderName = HeaderName::from_static("dpop");

/// The proof that came, if one did and proofs are asked for here.
pub struct MaybeProof(pub Option<Proof>);

impl FromRequestParts<App> for MaybeProof {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        if app.config.sessions.bind == Binding::Off {
            return Ok(Self(None));
        }
        let mut values = parts.headers.get_all(DPOP).iter();
        let Some(value) = values.next() else { return Ok(Self(None)) };
        if values.next().is_some() {
            return Err(ProofError::Invalid("only one proof may come with a call").into());
        }
        let text = value.to_str().map_err(|_| ProofError::Invalid("a proof is a JWT of three parts"))?;
        let now = parts.extensions.get::<Arrival>().map_or_else(|| app.clock.now(), |arrival| arrival.at);
        Ok(Self(Some(app.proofs.read(text, |target| is_this_call(target, parts, app), now)?)))
    }
}

/// A proxy may rewrite `Host`, so the page's own address counts as well as the server's.
fn is_this_call(target: &Target, parts: &Parts, app: &App) -> bool {
    let origin = target.url.origin().ascii_serialization();
    target.method == parts.method.as_str()
        && target.url.path() == parts.uri.path()
        && is_own_origin(&origin, &parts.headers, app)
}
