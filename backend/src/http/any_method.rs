//! Routes that respond alike to every method: some proxies send their authorization subrequest with the method of the
//! original request.

use super::body;
use axum::body::HttpBody as _;
use axum::extract::{FromRequest, Request};
use axum::handler::Handler;
use axum::http::header;
use std::convert::Infallible;
use utoipa_axum::router::UtoipaMethodRouter;

/// Extends a documented route to the methods that OpenAPI cannot describe (WebDAV's, for example).
pub fn any_method<H, T, S>(
    (schemas, paths, methods): UtoipaMethodRouter<S>,
    answer: H,
) -> UtoipaMethodRouter<S>
where
    H: Handler<T, S>,
    T: 'static,
    S: Clone + Send + Sync + 'static,
{
    (schemas, paths, methods.fallback(answer))
}

/// Extractor that reads and discards a body that is not needed. If the body were left unread, a client that is still
/// sending would have its connection closed instead of receiving a response.
pub struct DiscardBody;

impl<S: Send + Sync> FromRequest<S> for DiscardBody {
    type Rejection = Infallible;
    async fn from_request(request: Request, _: &S) -> Result<Self, Infallible> {
        // A client that sends `Expect` waits before it sends the body: it gets the response instead, and need not send
        // it.
        let expects_continue = request.headers().contains_key(header::EXPECT);
        let body = request.into_body();
        if !body.is_end_stream() && !expects_continue {
            body::drain_within_limits(body).await;
        }
        Ok(Self)
    }
}
