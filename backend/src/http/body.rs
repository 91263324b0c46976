//! Extractor for the JSON body of a request: limited in size, declared as JSON, an object, with the fields that the
//! endpoint accepts.

use super::api_error::ApiError;
use super::state::HttpState;
use crate::platform::MemoryBudget;
use axum::body::Body as HttpBody;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt as _;
use latchkey_shared::{ErrorCode, FieldError, FieldErrorCode};
use serde::de::DeserializeOwned;
use std::time::Duration;
use zeroize::Zeroizing;

/// Maximum body size in bytes: what any request needs, with a margin.
pub(super) const MAX_BODY: u32 = 16 * 1024;
/// Maximum size in bytes of a body that needs no memory reservation: more than a sign-in takes, and so little that
/// every connection may keep one that is half received.
const MAX_UNBUDGETED_BODY: usize = 1024;
/// Maximum number of further bytes that are read and discarded. Without that, a client that is still sending would have
/// its connection closed instead of receiving a response.
const MAX_DRAINED: usize = 16 * 1024 * 1024;
/// Timeout for reading and discarding them.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// Extractor for a parsed body.
pub struct JsonBody<T>(pub T);

impl<S: AsRef<HttpState> + Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;
    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let http = state.as_ref();
        let (parts, body) = request.into_parts();
        // Without a timeout, a client that sends a byte now and then could keep the connection forever.
        let timed_out =
            |_| ApiError::new(ErrorCode::MalformedJson).with_detail("The body did not arrive in time.");
        let patience = http.config.connections.patience;
        let bytes =
            tokio::time::timeout(patience, read(body, &http.body_memory)).await.map_err(timed_out)??;
        // An empty body without a content type counts as `{}`.
        if bytes.is_empty() && !parts.headers.contains_key(header::CONTENT_TYPE) {
            return parse(b"{}").map(Self);
        }
        if !is_json(&parts.headers) {
            return Err(ApiError::new(ErrorCode::UnsupportedMediaType));
        }
        parse(&bytes).map(Self)
    }
}

/// Reads a body of at most `MAX_BODY` bytes, within the memory budget that all requests share; fails if either is
/// exceeded.
async fn read(mut body: HttpBody, budget: &MemoryBudget) -> Result<Zeroizing<Vec<u8>>, ApiError> {
    let mut bytes = Zeroizing::new(Vec::new());
    let mut reservation = None;
    while let Some(frame) = body.frame().await {
        let truncated =
            |_| ApiError::new(ErrorCode::MalformedJson).with_detail("The body ended before it was complete.");
        let Ok(data) = frame.map_err(truncated)?.into_data() else { continue };
        let size = bytes.len() + data.len();
        if size > MAX_BODY as usize {
            return Err(error_after_drain(body, ApiError::new(ErrorCode::PayloadTooLarge)).await);
        }
        if size > MAX_UNBUDGETED_BODY && reservation.is_none() {
            reservation = budget.try_reserve(MAX_BODY);
            if reservation.is_none() {
                return Err(error_after_drain(body, ApiError::body_memory_exhausted()).await);
            }
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

/// Returns the error once the client has sent the rest of the body, unless that exceeds the limits.
async fn error_after_drain(body: HttpBody, refusal: ApiError) -> ApiError {
    drain_within_limits(body).await;
    refusal
}

/// Reads and discards the rest of a body, up to `MAX_DRAINED` bytes and for at most `DRAIN_TIMEOUT`.
pub(super) async fn drain_within_limits(body: HttpBody) {
    let _ = tokio::time::timeout(DRAIN_TIMEOUT, drain(body)).await;
}

async fn drain(mut body: HttpBody) {
    let mut left = MAX_DRAINED;
    while let Some(Ok(frame)) = body.frame().await {
        let size = frame.data_ref().map_or(0, |data| data.len());
        if size > left {
            return;
        }
        left -= size;
    }
}

/// Returns whether the content type is `application/json`, with any parameters.
fn is_json(headers: &HeaderMap) -> bool {
    let declared =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    declared.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    // serde would accept an array as the fields in their order, which no client means.
    let is_object = bytes.trim_ascii_start().first() == Some(&b'{');
    let mut json = serde_json::Deserializer::from_slice(bytes);
    match serde_path_to_error::deserialize(&mut json) {
        Ok(parsed) if is_object => json.end().map(|()| parsed).map_err(|error| malformed_json(&error)),
        parsed => Err(explain_failure(bytes, parsed.err().as_ref())),
    }
}

/// Finds the error to report. The whole body is parsed again: what follows the field that failed may not be JSON at
/// all, and serde reports some values of the wrong type as syntax errors.
fn explain_failure(bytes: &[u8], error: Option<&serde_path_to_error::Error<serde_json::Error>>) -> ApiError {
    match (serde_json::from_slice::<serde_json::Value>(bytes), error) {
        (Err(error), _) => malformed_json(&error),
        (Ok(serde_json::Value::Object(_)), Some(error)) => wrong_field(error),
        (Ok(_), _) => invalid_field("body", FieldErrorCode::WrongType),
    }
}

fn malformed_json(error: &serde_json::Error) -> ApiError {
    let (line, column) = (error.line(), error.column());
    ApiError::new(ErrorCode::MalformedJson)
        .with_detail(format!("The body is not valid JSON: line {line}, column {column}."))
}

/// Returns the error for the field that failed. serde distinguishes a missing, an unknown and a duplicate field only in
/// the text of its message.
fn wrong_field(error: &serde_path_to_error::Error<serde_json::Error>) -> ApiError {
    let text = error.inner().to_string();
    let named = text.split('`').nth(1);
    match named {
        Some(field) if text.starts_with("missing field") => invalid_field(field, FieldErrorCode::Required),
        Some(field) if text.starts_with("unknown field") => {
            invalid_field(field, FieldErrorCode::UnknownField)
        }
        Some(field) if text.starts_with("duplicate field") => ApiError::new(ErrorCode::MalformedJson)
            .with_detail(format!("The field {field:?} is there twice.")),
        _ => match error.path().to_string().as_str() {
            "." => invalid_field("body", FieldErrorCode::WrongType),
            field => invalid_field(field, FieldErrorCode::WrongType),
        },
    }
}

fn invalid_field(field: &str, code: FieldErrorCode) -> ApiError {
    // The name of an unknown field is client input, so it is truncated before it is returned.
    let field: String = field.chars().take(100).collect();
    vec![FieldError::new(&field, code)].into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use latchkey_shared::LogInRequest;

    fn refused(text: &str) -> String {
        format!("{:?}", parse::<LogInRequest>(text.as_bytes()).unwrap_err())
    }

    #[test]
    fn what_is_not_json_is_malformed() {
        for text in [
            "",
            "{",
            "{\"email\":}",
            "nonsense",
            "{} {}",
            "[] {}",
            "{\"email\":1,",
            "{\"email\":\"\\ud800\"}",
            "{\"other\":\"\\ud800\"}",
        ] {
            assert!(refused(text).contains("MalformedJson"), "{text}: {}", refused(text));
        }
        assert!(parse::<LogInRequest>(b"{\"email\":\"\xff\"}").is_err());
    }

    #[test]
    fn json_of_another_shape_names_the_field() {
        for (text, field, code) in [
            (r#"{"password":"x"}"#, "email", "Required"),
            (r#"{"email":1,"password":"x"}"#, "email", "WrongType"),
            (r#"{"email":"a","password":"x","remember":"yes"}"#, "remember", "WrongType"),
            (r#"{"email":"a","password":"x","admin":true}"#, "admin", "UnknownField"),
            (r#"{"email":"a","password":"x","token_delivery":7}"#, "token_delivery", "WrongType"),
            (r#"["a","x"]"#, "body", "WrongType"),
            ("[1]", "body", "WrongType"),
            ("null", "body", "WrongType"),
            ("\"text\"", "body", "WrongType"),
        ] {
            let refusal = refused(text);
            assert!(refusal.contains(&format!("field: \"{field}\", code: {code}")), "{text}: {refusal}");
        }
    }

    #[test]
    fn a_field_that_comes_twice_is_refused() {
        assert!(refused(r#"{"email":"a","email":"b","password":"x"}"#).contains("MalformedJson"));
    }
}
