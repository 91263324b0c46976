//! The last touch to every answer: its id, its headers, and the body of a refusal.

use super::named::RequestId;
use super::problem::Refusal;
use crate::app::App;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use latchkey_shared::Timestamp;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Finishes an answer.
pub(super) fn finish(app: &App, arrived: Timestamp, mut response: Response) -> Response {
    let named = response.extensions_mut().remove::<RequestId>();
    let RequestId(request_id) = named.unwrap_or_else(|| RequestId(app.random.id(arrived)));
    if let Some(refusal) = response.extensions_mut().remove::<Refusal>() {
        refusal.write(&request_id, &mut response);
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
