//! Responses to the errors of this module.

use super::proof::ProofError;
use crate::http::ApiError;

impl From<ProofError> for ApiError {
    fn from(error: ProofError) -> Self {
        let detail = format!("The proof does not hold: {error}.");
        let problem = match error {
            ProofError::Invalid(_) => Self::invalid_dpop_proof(),
            ProofError::NonceRequired { nonce } => Self::use_dpop_nonce(nonce),
            ProofError::Signing(error) => return Self::internal(error),
        };
        problem.with_detail(detail)
    }
}
