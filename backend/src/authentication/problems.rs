//! Responses to the errors of this module.

use super::hashing::PoolError;
use super::throttle::TooManyAttempts;
use crate::http::ApiError;

impl From<PoolError> for ApiError {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Overloaded => Self::overloaded(),
            PoolError::Failed => Self::internal(error),
        }
    }
}

impl From<TooManyAttempts> for ApiError {
    fn from(TooManyAttempts(wait): TooManyAttempts) -> Self {
        Self::too_many_requests(wait)
    }
}
