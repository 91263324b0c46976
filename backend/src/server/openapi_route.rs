//! The endpoint of the API's description.

use crate::app::App;
use crate::http::{AnyOrigin, Json, Preflight};
use axum::Extension;
use std::sync::Arc;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Returns the routes of this module.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(describe, preflight_description))
}

/// This description.
#[utoipa::path(
    get, path = "/api/openapi.json", tag = "description",
    responses((status = 200, description = "OpenAPI 3.1, for any origin", body = serde_json::Value)),
)]
async fn describe(Extension(description): Extension<Arc<OpenApi>>) -> AnyOrigin<Json<OpenApi>> {
    AnyOrigin(Json(OpenApi::clone(&description)))
}

/// Tells a browser that any origin may read the description.
#[utoipa::path(
    options, path = "/api/openapi.json", tag = "description",
    responses((status = 204, description = "Any origin may read it")),
)]
async fn preflight_description() -> AnyOrigin<Preflight> {
    AnyOrigin(Preflight)
}
