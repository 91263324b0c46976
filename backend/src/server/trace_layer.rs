//! Middleware that traces requests, if a collector is configured. It wraps the routes that do something, outside of
//! `assign_request_id`, whose id goes into the trace. The verification of a token has no steps, and no time for it.

use crate::app::App;
use crate::http::RequestContext;
use crate::http::RequestId;
use crate::traces::IncomingRequest;
use axum::extract::{MatchedPath, Request, State};
use axum::http::HeaderName;
use axum::middleware::Next;
use axum::response::Response;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Traces the request.
pub(super) async fn trace_request(State(app): State<App>, request: Request, next: Next) -> Response {
    let Some(traces) = &app.traces else { return next.run(request).await };
    let trace = traces.begin(&IncomingRequest {
        method: request.method().as_str(),
        route: request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str),
        scheme: if app.config.public_url.is_https() { "https" } else { "http" },
        parent: parent(&app, &request),
    });
    let response = trace.run(next.run(request)).await;
    let id = response.extensions().get::<RequestId>().map(|id| id.0);
    trace.finish(response.status().as_u16(), id);
    response
}

/// Returns the `traceparent` of a trusted proxy, if `traces.follow_proxies` is set. Any other sender could force
/// tracing, or add requests to somebody else's trace.
fn parent<'a>(app: &App, request: &'a Request) -> Option<&'a str> {
    let peer = request.extensions().get::<RequestContext>()?.peer;
    if !app.config.traces.follow_proxies || !app.config.trusts(peer) {
        return None;
    }
    let mut values = request.headers().get_all(TRACEPARENT).iter();
    let parent = values.next()?.to_str().ok()?;
    // With two values it is ambiguous which one was meant.
    values.next().is_none().then_some(parent)
}
