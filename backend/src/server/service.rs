//! The whole API as one service: takes a request and returns a finished response. What all requests have in common is
//! done here, once, instead of in layers of the router, each of which would box every request once more.

use super::router::router;
use crate::app::App;
use crate::http::RequestContext;
use crate::http::catch_panic;
use crate::http::finalize;
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

/// HTTP service of the API.
pub struct Service {
    app: App,
    router: Router,
}

/// Handler for the requests of one connection.
pub struct ConnectionHandler {
    app: App,
    peer: IpAddr,
    activity: ConnectionActivity,
    // Behind a lock per connection: if the router were cloned for each request, every core would write to one reference
    // count.
    router: Mutex<Router>,
}

impl Service {
    /// Creates the service with all routes.
    pub fn new(app: App) -> Self {
        Self { router: router(app.clone()), app }
    }

    /// Creates the handler for one connection; `activity` counts its requests.
    pub fn for_connection(&self, peer: IpAddr, activity: ConnectionActivity) -> ConnectionHandler {
        ConnectionHandler { app: self.app.clone(), peer, activity, router: Mutex::new(self.router.clone()) }
    }
}

impl ConnectionHandler {
    /// Handles one request. It never fails: errors are reported in the response.
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
        let mut answer = finalize(&self.app.http, context.received_at, catch_panic(answered).await);
        if must_close {
            answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        answer
    }
}

/// Returns whether the request may have stated its length in two ways. It could then be read in two ways, so the
/// connection must be closed after it (RFC 9112 §6.1). By now one of the two has been removed, so any
/// `Transfer-Encoding` counts; hardly any client sends a small body in chunks, so that costs nothing.
fn has_ambiguous_length<B>(request: &Request<B>) -> bool {
    request.headers().contains_key(header::TRANSFER_ENCODING)
}
