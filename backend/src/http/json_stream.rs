//! Streamed response: only as much of it is in memory as the client is about to read.

use super::responses::JSON;
use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use hyper::body::{Body as HttpBody, Frame};
use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc;

/// JSON response that is sent in chunks. If one fails, the connection is closed, so that no client takes a part for the
/// whole.
pub struct JsonStream<E>(pub mpsc::Receiver<Result<Bytes, E>>);

impl<E: Error + Send + Sync + 'static> IntoResponse for JsonStream<E> {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, JSON)], Body::new(self)).into_response()
    }
}

impl<E: Error + Send + Sync + 'static> HttpBody for JsonStream<E> {
    type Data = Bytes;
    type Error = E;
    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, E>>> {
        self.get_mut().0.poll_recv(context).map(|part| part.map(|part| part.map(Frame::data)))
    }
}
