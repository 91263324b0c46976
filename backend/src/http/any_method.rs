//! Calls that are answered alike whatever their method: some proxies ask about a request with the method of that request.

use super::body;
use crate::app::App;
use axum::body::HttpBody as _;
use axum::extract::{FromRequest, Request};
use axum::handler::Handler;
use axum::http::header;
use std::convert::Infallible;
use utoipa_axum::router::UtoipaMethodRouter;

/// Lets a described route answer the methods that no description can name (WebDAV's, say) as it answers the others.
pub fn any_method<H, T>(
    (schemas, paths, methods): UtoipaMethodRouter<App>,
    answer: H,
) -> UtoipaMethodRouter<App>
where
    H: Handler<T, App>,
    T: 'static,
{
    (schemas, paths, methods.fallback(answer))
}

/// A body that nobody needs, read and thrown away. Left unread, a client that is still sending would find its connection
/// cut instead of an answer.
pub struct DiscardBody;

impl FromRequest<App> for DiscardBody {
    type Rejection = Infallible;
    async fn from_request(request: Request, _: &App) -> Result<Self, Infallible> {
        // Who expects a word before sending the body gets the answer instead, and keeps the body.
        let expects_continue = request.headers().contains_key(header::EXPECT);
        let body = request.into_body();
        if !body.is_end_stream() && !expects_continue {
            body::drain_within_limits(body).await;
        }
        Ok(Self)
    }
}
