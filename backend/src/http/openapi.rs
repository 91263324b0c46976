//! The API's description, OpenAPI 3.1, made of the routes themselves.

use super::reply::Json;
use super::router::described;
use crate::app::App;
use latchkey_shared::Problem;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, Info, OpenApi, OpenApiBuilder};
use utoipa::{PartialSchema as _, ToSchema as _};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The description of every route.
pub fn description() -> OpenApi {
    described().split_for_parts().1
}

/// The description before any route is in it.
pub(super) fn blank() -> OpenApiRouter<App> {
    let mut info = Info::new("Latchkey", env!("CARGO_PKG_VERSION"));
    info.description = Some("Sign-in that a team hosts itself: accounts, sessions and tokens.".to_owned());
    OpenApiRouter::with_openapi(OpenApiBuilder::new().info(info).components(Some(components())).build())
}

fn components() -> Components {
    let mut components = Components::new();
    // Errors are described by reference; their schema has to be there.
    components.schemas.insert(Problem::name().into_owned(), Problem::schema());
    let mut parts = Vec::new();
    Problem::schemas(&mut parts);
    components.schemas.extend(parts);
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    let cookie = ApiKey::Cookie(ApiKeyValue::new("latchkey_refresh"));
    components.add_security_scheme("access_token", SecurityScheme::Http(bearer));
    components.add_security_scheme("refresh_cookie", SecurityScheme::ApiKey(cookie));
    components
}

/// The routes of this module.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(describe))
}

/// This description.
#[utoipa::path(
    get, path = "/api/openapi.json", tag = "description",
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value)),
)]
async fn describe() -> Json<OpenApi> {
    Json(description())
}
