//! Every route, and what lies around them.

use super::finish::finish;
use super::problem::Refusal;
use super::{health, openapi};
use crate::app::App;
use crate::{accounts, sessions, tokens};
use axum::Router;
use axum::middleware::map_response_with_state;
use latchkey_shared::ErrorCode;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::OpenApiRouter;

/// The routes with their descriptions. A route cannot be added without one: both come from the same line.
pub(super) fn described() -> OpenApiRouter<App> {
    openapi::blank()
        .merge(sessions::routes())
        .merge(accounts::routes())
        .merge(tokens::routes())
        .merge(health::routes())
        .merge(openapi::routes())
}

/// The whole API.
pub fn router(app: App) -> Router {
    let (routes, _) = described().split_for_parts();
    routes
        .fallback(async || Refusal::new(ErrorCode::NotFound))
        .method_not_allowed_fallback(async || Refusal::new(ErrorCode::MethodNotAllowed))
        .layer(CatchPanicLayer::custom(super::problem::after_panic))
        .layer(map_response_with_state(app.clone(), finish))
        .with_state(app)
}
