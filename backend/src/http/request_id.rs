//! Middleware that assigns the request id before anything else is done, so that every log line of the request carries
//! it. It wraps the routes that write to the log; the verification of a token logs nothing, and has no time for it.

use super::state::HttpState;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument as _;
use uuid::Uuid;

/// Response extension: the id of the request.
#[derive(Clone, Copy)]
pub(crate) struct RequestId(pub Uuid);

/// Assigns an id to the request and its response.
pub(crate) async fn assign_request_id(
    State(http): State<HttpState>,
    request: Request,
    next: Next,
) -> Response {
    let id = http.random.id(http.clock.now());
    // The route's template: the path itself could contain user input.
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str);
    // The span has the most urgent level, so that every line that is logged at all carries the id.
    let span = tracing::error_span!("request", request.id = %id, http.route = route, http.method = %request.method());
    let mut response = next.run(request).instrument(span).await;
    response.extensions_mut().insert(RequestId(id));
    response
}
