//! Extractor for ids in paths.

use super::api_error::ApiError;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use latchkey_shared::ErrorCode;
use uuid::Uuid;

/// The id in `/…/{id}`. Text that is not an id is reported as not found.
pub struct PathId(pub Uuid);

impl<S: Send + Sync> FromRequestParts<S> for PathId {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, app: &S) -> Result<Self, ApiError> {
        let not_found = || ApiError::new(ErrorCode::NotFound);
        let Path(text) = Path::<String>::from_request_parts(parts, app).await.map_err(|_| not_found())?;
        text.parse().map(Self).map_err(|_| not_found())
    }
}
