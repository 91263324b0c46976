//! The whole API as one service: a request in, a finished answer out. What every call has in common stands here, once,
//! instead of in layers of the router: each of those would box every call once more.

use super::finish::finish;
use super::problem::unless_it_panics;
use super::router::router;
use crate::app::App;
use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::ConnectInfo;
use axum::http::{HeaderValue, Request, header};
use axum::response::Response;
use bytes::Bytes;
use std::net::SocketAddr;
use tower_service::Service as _;

/// Answers requests.
#[derive(Clone)]
pub struct Service {
    app: App,
    router: Router,
}

impl Service {
    /// Answers with the whole API.
    pub fn new(app: App) -> Self {
        Self { router: router(app.clone()), app }
    }

    /// Answers one request of a client. It never fails: what goes wrong is told in the answer.
    pub async fn answer<B>(&self, request: Request<B>, peer: SocketAddr) -> Response
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let is_the_last = in_doubt(&request);
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        let mut router = self.router.clone();
        let answered = async move { router.call(request).await.unwrap_or_else(|never| match never {}) };
        let mut answer = finish(&self.app, unless_it_panics(answered).await);
        if is_the_last {
            answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        answer
    }
}

/// RFC 9112 §6.1: a request that says its length in two ways may be read in two ways, so the connection must end with it.
/// By now one of the two has been taken away; but hardly anybody sends a small body in chunks, so that costs nothing.
fn in_doubt<B>(request: &Request<B>) -> bool {
    request.headers().contains_key(header::TRANSFER_ENCODING)
}
