//! Router with every route. What all requests have in common is done in `service`, around the router.

use super::metrics_layer::record_metrics;
use super::trace_layer::trace_request;
use super::{health, openapi, openapi_route, token_routes};
use crate::app::App;
use crate::http::ApiError;
use crate::http::assign_request_id;
use crate::metrics::RequestMetrics;
use crate::{self_service, sessions};
use axum::middleware::from_fn_with_state;
use axum::{Extension, Router};
use latchkey_shared::ErrorCode;
use std::sync::Arc;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

/// Returns the routes with their descriptions. A route cannot be added without one: both come from the same line.
fn documented_routes() -> OpenApiRouter<App> {
    openapi::empty_router()
        .merge(instrumented_routes())
        .merge(uninstrumented_routes())
        .merge(openapi_route::routes())
}

/// Returns the routes that change something, and may log it.
fn instrumented_routes() -> OpenApiRouter<App> {
    sessions::routes().merge(self_service::routes())
}

/// Returns the routes that only read.
fn uninstrumented_routes() -> OpenApiRouter<App> {
    token_routes::routes().merge(health::routes())
}

/// Returns the description of every route.
pub fn description() -> OpenApi {
    openapi::complete(documented_routes().split_for_parts().1)
}

/// Returns the router with all routes and their middleware.
pub(super) fn router(app: App) -> Router {
    let instrumented_routes =
        instrumented_routes().route_layer(from_fn_with_state(app.http.clone(), assign_request_id));
    // Without a collector, no traces are made.
    let instrumented_routes = match app.traces {
        Some(_) => instrumented_routes.route_layer(from_fn_with_state(app.clone(), trace_request)),
        None => instrumented_routes,
    };
    let description = Arc::new(description());
    let paths = description.paths.paths.keys().cloned().collect::<Vec<_>>();
    // Only its own route: a layer around all would box every request once more.
    let description_routes = openapi_route::routes().layer(Extension(description));
    let routes = instrumented_routes.merge(uninstrumented_routes()).merge(description_routes);
    let routes = Router::from(routes)
        .fallback(async || ApiError::new(ErrorCode::NotFound))
        .method_not_allowed_fallback(async || ApiError::new(ErrorCode::MethodNotAllowed));
    // Without a metrics listener, nothing is counted.
    if app.config.metrics.listen.is_none() {
        return routes.with_state(app);
    }
    app.metrics.requests.get_or_init(|| RequestMetrics::new(paths));
    routes.layer(from_fn_with_state(app.clone(), record_metrics)).with_state(app)
}
