//! Final step of every response: its request id, its headers, and the body of an error.

use super::api_error::ApiError;
use super::request_id::RequestId;
use super::state::HttpState;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use latchkey_shared::Timestamp;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Adds the request id and the common headers to a response, and writes the body of an error.
pub(crate) fn finalize(http: &HttpState, received_at: Timestamp, mut response: Response) -> Response {
    let assigned = response.extensions_mut().remove::<RequestId>();
    let RequestId(request_id) = assigned.unwrap_or_else(|| RequestId(http.random.id(received_at)));
    if let Some(error) = response.extensions_mut().remove::<ApiError>() {
        error.write(&request_id, &mut response);
    }
    let headers = response.headers_mut();
    let mut text = uuid::Uuid::encode_buffer();
    if let Ok(id) = HeaderValue::from_str(request_id.hyphenated().encode_lower(&mut text)) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
