//! Routes about tokens themselves.

use crate::app::App;
use crate::http::{
    AnyOrigin, ApiError, DiscardBody, Json, Preflight, SerializedJson, any_method, openapi_responses,
};
use crate::sessions::ClaimsJson;
use crate::tokens::Tokens;
use axum::extract::State;
use latchkey_shared::Claims;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Returns the routes of this domain.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(any_method(routes!(verify), verify)).routes(routes!(jwks, preflight_jwks))
}

/// Checks an access token and tells what it says.
///
/// Reads no database; a reverse proxy can ask it for every request (forward-auth), with the method and the body of that
/// request: both are passed over.
#[utoipa::path(
    method(get, post, put, patch, delete, options), path = "/api/auth/verify", tag = "tokens",
    security(("access_token" = [])),
    responses((status = 200, description = "The token is good", body = Claims), openapi_responses::Unauthorized),
)]
async fn verify(checked: Result<ClaimsJson, ApiError>, _: DiscardBody) -> Result<SerializedJson, ApiError> {
    checked.map(|ClaimsJson(claims)| SerializedJson(claims))
}

/// The public keys that access tokens are signed with (RFC 7517).
#[utoipa::path(
    get, path = "/.well-known/jwks.json", tag = "tokens",
    responses((status = 200, description = "A JSON Web Key Set, for any origin", body = serde_json::Value)),
)]
async fn jwks(State(tokens): State<Tokens>) -> AnyOrigin<Json<jsonwebtoken::jwk::JwkSet>> {
    AnyOrigin(Json(tokens.keys.jwks(tokens.clock.now())))
}

/// Tells a browser that any origin may read the keys.
#[utoipa::path(
    options, path = "/.well-known/jwks.json", tag = "tokens",
    responses((status = 204, description = "Any origin may read them")),
)]
async fn preflight_jwks() -> AnyOrigin<Preflight> {
    AnyOrigin(Preflight)
}
