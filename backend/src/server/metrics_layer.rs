//! Middleware that counts every request, if a metrics listener is configured.

use crate::app::App;
use crate::http::catch_panic;
use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::time::Instant;

/// Counts the request and measures its duration.
pub(super) async fn record_metrics(State(app): State<App>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = catch_panic(next.run(request)).await;
    if let Some(requests) = app.metrics.requests.get() {
        let route = route.as_ref().map(MatchedPath::as_str);
        requests.record(route, method.as_str(), response.status().as_u16(), started.elapsed());
    }
    response
}

/// Returns the router for Prometheus, which listens at an address of its own.
pub fn metrics_router(app: App) -> Router {
    Router::new().fallback(scrape).with_state(app)
}

async fn scrape(State(app): State<App>, uri: Uri) -> Response {
    const TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    if uri.path() != "/metrics" {
        return StatusCode::NOT_FOUND.into_response();
    }
    match super::openmetrics::render_openmetrics(&app) {
        Ok(page) => ([(header::CONTENT_TYPE, TYPE)], page).into_response(),
        Err(error) => {
            tracing::error!(%error, "Cannot write the metrics");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
