//! Gives a call its id before anything is done about it, so that every line of the log that it causes carries that id.
//! Around the routes that write to the log; a check of a token has nothing to say there, and no time for it.

use crate::app::App;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument as _;
use uuid::Uuid;

/// The id of the call that an answer belongs to.
#[derive(Clone, Copy)]
pub(super) struct RequestId(pub Uuid);

/// Names the call, and its answer.
pub(super) async fn assign_request_id(State(app): State<App>, request: Request, next: Next) -> Response {
    let id = app.random.id(app.clock.now());
    // The route as it is described: a path could hold what somebody typed.
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str);
    // Of the most urgent level: whatever lines there are, they carry the id.
    let span = tracing::error_span!("request", request.id = %id, http.route = route, http.method = %request.method());
    let mut response = next.run(request).instrument(span).await;
    response.extensions_mut().insert(RequestId(id));
    response
}
