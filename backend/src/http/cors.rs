//! CORS responses that pages of any origin may read: nothing personal, and nothing that requires a cookie or a token.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Response that a page of any origin may read (Fetch §3.3, CORS protocol).
pub struct AnyOrigin<T>(pub T);

impl<T: IntoResponse> IntoResponse for AnyOrigin<T> {
    fn into_response(self) -> Response {
        let mut response = self.0.into_response();
        let anybody = HeaderValue::from_static("*");
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, anybody);
        response
    }
}

/// Response to the preflight request that a browser sends before a request with custom headers.
pub struct Preflight;

impl IntoResponse for Preflight {
    fn into_response(self) -> Response {
        let allowed = [
            (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD"),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, "*"),
            (header::ACCESS_CONTROL_MAX_AGE, "86400"),
        ];
        (StatusCode::NO_CONTENT, allowed).into_response()
    }
}
