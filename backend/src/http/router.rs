//! Every route. What all calls have in common is done in `service`, around the router.

use super::measured::measured;
use super::named::named;
use super::problem::Refusal;
use super::traced::traced;
use super::{health, openapi};
use crate::app::App;
use crate::metrics::Calls;
use crate::{accounts, sessions, tokens};
use axum::Router;
use axum::middleware::from_fn_with_state;
use latchkey_shared::ErrorCode;
use utoipa_axum::router::OpenApiRouter;

/// The routes with their descriptions. A route cannot be added without one: both come from the same line.
pub(super) fn described() -> OpenApiRouter<App> {
    openapi::blank().merge(acting()).merge(telling())
}

/// Those that change something, and may have to say so in the log.
fn acting() -> OpenApiRouter<App> {
    sessions::routes().merge(accounts::routes())
}

/// Those that only tell something.
fn telling() -> OpenApiRouter<App> {
    tokens::routes().merge(health::routes()).merge(openapi::routes())
}

/// All of them.
pub(super) fn router(app: App) -> Router {
    let acting = acting().route_layer(from_fn_with_state(app.clone(), named));
    // Where nobody collects them, no traces are made.
    let acting = match app.traces {
        Some(_) => acting.route_layer(from_fn_with_state(app.clone(), traced)),
        None => acting,
    };
    let (routes, description) = acting.merge(telling()).split_for_parts();
    let routes = routes
        .fallback(async || Refusal::new(ErrorCode::NotFound))
        .method_not_allowed_fallback(async || Refusal::new(ErrorCode::MethodNotAllowed));
    // Where nobody may ask, nothing is counted.
    if app.config.metrics.listen.is_none() {
        return routes.with_state(app);
    }
    app.metrics.calls.get_or_init(|| Calls::of(description.paths.paths.into_keys()));
    routes.layer(from_fn_with_state(app.clone(), measured)).with_state(app)
}
