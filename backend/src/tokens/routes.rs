//! The calls about tokens themselves.

use crate::app::App;
use crate::http::{BearerJson, Json, WrittenJson, refusals};
use axum::extract::State;
use latchkey_shared::Claims;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this domain.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(verify)).routes(routes!(jwks))
}

/// Checks an access token and tells what it says.
///
/// Reads no database; a reverse proxy can ask it for every request (forward-auth).
#[utoipa::path(
    get, path = "/api/auth/verify", tag = "tokens", security(("access_token" = [])),
    responses((status = 200, description = "The token is good", body = Claims), refusals::Unauthorized),
)]
async fn verify(BearerJson(claims): BearerJson) -> WrittenJson {
    WrittenJson(claims)
}

/// The public keys that access tokens are signed with (RFC 7517).
#[utoipa::path(
    get, path = "/.well-known/jwks.json", tag = "tokens",
    responses((status = 200, description = "A JSON Web Key Set", body = serde_json::Value)),
)]
async fn jwks(State(app): State<App>) -> Json<jsonwebtoken::jwk::JwkSet> {
    Json(app.keys.published(app.clock.now()))
}
