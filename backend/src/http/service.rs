//! The whole API as one service: a request in, a finished answer out. What every call has in common stands here, once,
//! instead of in layers of the router: each of those would box every call once more.

use super::api_error::catch_panic;
use super::finalize::finalize;
use super::request_context::RequestContext;
use super::router::router;
use crate::app::App;
use crate::platform::ConnectionActivity;
use axum::Router;
use axum::body::HttpBody;
use axum::http::{HeaderValue, Request, header};
use axum::response::Response;
use bytes::Bytes;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use tower_service::Service as _;

/// Answers requests.
pub struct Service {
    app: App,
    router: Router,
}

/// Answers the requests of one connection.
pub struct ConnectionHandler {
    app: App,
    peer: IpAddr,
    activity: ConnectionActivity,
    // Called through a lock of its own, since a router that is cloned for each call has every core write to one count.
    router: Mutex<Router>,
}

impl Service {
    /// Answers with the whole API.
    pub fn new(app: App) -> Self {
        Self { router: router(app.clone()), app }
    }

    /// Serves one client, whose calls are counted.
    pub fn for_connection(&self, peer: IpAddr, activity: ConnectionActivity) -> ConnectionHandler {
        ConnectionHandler { app: self.app.clone(), peer, activity, router: Mutex::new(self.router.clone()) }
    }
}

impl ConnectionHandler {
    /// Answers one request. It never fails: what goes wrong is told in the answer.
    pub async fn handle<B>(&self, mut request: Request<B>) -> Response
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let _call = self.activity.begin_request();
        let must_close = has_ambiguous_length(&request);
        let context = RequestContext { peer: self.peer, received_at: self.app.clock.now() };
        request.extensions_mut().insert(context);
        let answered = pin!(async {
            let called = self.router.lock().unwrap_or_else(PoisonError::into_inner).call(request);
            called.await.unwrap_or_else(|never| match never {})
        });
        let mut answer = finalize(&self.app, context.received_at, catch_panic(answered).await);
        if must_close {
            answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        answer
    }
}

/// RFC 9112 §6.1: a request that says its length in two ways may be read in two ways, so the connection must end with it.
/// By now one of the two has been taken away; but hardly anybody sends a small body in chunks, so that costs nothing.
fn has_ambiguous_length<B>(request: &Request<B>) -> bool {
    request.headers().contains_key(header::TRANSFER_ENCODING)
}
