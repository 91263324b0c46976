//! Counts every call, where somebody may ask for the numbers.

use super::problem::unless_it_panics;
use crate::app::App;
use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::time::Instant;

/// Counts the call and times it.
pub(super) async fn measured(State(app): State<App>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = unless_it_panics(next.run(request)).await;
    if let Some(calls) = app.metrics.calls.get() {
        let route = route.as_ref().map(MatchedPath::as_str);
        calls.note(route, method.as_str(), response.status().as_u16(), begun.elapsed());
    }
    response
}

/// Answers Prometheus, at an address that is none of the API's.
pub fn metrics_router(app: App) -> Router {
    Router::new().fallback(scrape).with_state(app)
}

async fn scrape(State(app): State<App>, uri: Uri) -> Response {
    const TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    if uri.path() != "/metrics" {
        return StatusCode::NOT_FOUND.into_response();
    }
    match crate::metrics::page(&app) {
        Ok(page) => ([(header::CONTENT_TYPE, TYPE)], page).into_response(),
        Err(error) => {
            tracing::error!(%error, "Cannot write the metrics");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
