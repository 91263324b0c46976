//! The error of every statement.

use super::error_hint;
use sea_orm::DbErr;

/// A failure of the database. The client learns no more than that; the log has the cause.
#[derive(Debug, thiserror::Error)]
#[error("the database failed: {0}{hint}", hint = error_hint::for_error(.0))]
pub struct StoreError(#[from] DbErr);
