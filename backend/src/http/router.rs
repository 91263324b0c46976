//! Router with every route. What all requests have in common is done in `service`, around the router.

use super::api_error::ApiError;
use super::metrics_layer::record_metrics;
use super::request_id::assign_request_id;
use super::trace_layer::trace_request;
use super::{health, openapi};
use crate::app::App;
use crate::metrics::RequestMetrics;
use crate::{accounts, sessions, tokens};
use axum::Router;
use axum::middleware::from_fn_with_state;
use latchkey_shared::ErrorCode;
use utoipa_axum::router::OpenApiRouter;

/// Returns the routes with their descriptions. A route cannot be added without one: both come from the same line.
pub(super) fn documented_routes() -> OpenApiRouter<App> {
    openapi::empty_router().merge(instrumented_routes()).merge(uninstrumented_routes())
}

/// Returns the routes that change something, and may log it.
fn instrumented_routes() -> OpenApiRouter<App> {
    sessions::routes().merge(accounts::routes())
}

/// Returns the routes that only read.
fn uninstrumented_routes() -> OpenApiRouter<App> {
    tokens::routes().merge(health::routes()).merge(openapi::routes())
}

/// Returns the router with all routes and their middleware.
pub(super) fn router(app: App) -> Router {
    let instrumented_routes =
        instrumented_routes().route_layer(from_fn_with_state(app.clone(), assign_request_id));
    // Without a collector, no traces are made.
    let instrumented_routes = match app.traces {
        Some(_) => instrumented_routes.route_layer(from_fn_with_state(app.clone(), trace_request)),
        None => instrumented_routes,
    };
    let (routes, description) = instrumented_routes.merge(uninstrumented_routes()).split_for_parts();
    let routes = routes
        .fallback(async || ApiError::new(ErrorCode::NotFound))
        .method_not_allowed_fallback(async || ApiError::new(ErrorCode::MethodNotAllowed));
    // Without a metrics listener, nothing is counted.
    if app.config.metrics.listen.is_none() {
        return routes.with_state(app);
    }
    app.metrics.requests.get_or_init(|| RequestMetrics::new(description.paths.paths.into_keys()));
    routes.layer(from_fn_with_state(app.clone(), record_metrics)).with_state(app)
}
