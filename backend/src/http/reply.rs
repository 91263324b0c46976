//! How calls are answered.

use super::problem::Refusal;
use axum::body::Bytes;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// An answer in JSON.
pub struct Json<T>(pub T);

/// An answer in JSON that has been written before.
pub struct WrittenJson(pub Bytes);

pub(super) const TYPE: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

impl IntoResponse for WrittenJson {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, TYPE)], self.0).into_response()
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => ([(header::CONTENT_TYPE, TYPE)], body).into_response(),
            Err(error) => Refusal::internal(error).into_response(),
        }
    }
}

/// Done, and nothing to say about it.
pub struct NoContent;

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}
