//! The whole API as one service: a request in, a finished answer out. What every call has in common stands here, once,
//! instead of in layers of the router: each of those would box every call once more.

use super::arrival::Arrival;
use super::finish::finish;
use super::problem::unless_it_panics;
use super::router::router;
use crate::app::App;
use crate::platform::Calls;
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
pub struct Waiter {
    app: App,
    peer: IpAddr,
    calls: Calls,
    // Called through a lock of its own, since a router that is cloned for each call has every core write to one count.
    router: Mutex<Router>,
}

impl Service {
    /// Answers with the whole API.
    pub fn new(app: App) -> Self {
        Self { router: router(app.clone()), app }
    }

    /// Serves one client, whose calls are counted.
    pub fn at(&self, peer: IpAddr, calls: Calls) -> Waiter {
        Waiter { app: self.app.clone(), peer, calls, router: Mutex::new(self.router.clone()) }
    }
}

impl Waiter {
    /// Answers one request. It never fails: what goes wrong is told in the answer.
    pub async fn answer<B>(&self, mut request: Request<B>) -> Response
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let _call = self.calls.begin();
        let is_the_last = in_doubt(&request);
        let arrival = Arrival { peer: self.peer, at: self.app.clock.now() };
        request.extensions_mut().insert(arrival);
        let answered = pin!(async {
            let called = self.router.lock().unwrap_or_else(PoisonError::into_inner).call(request);
            called.await.unwrap_or_else(|never| match never {})
        });
        let mut answer = finish(&self.app, arrival.at, unless_it_panics(answered).await);
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
