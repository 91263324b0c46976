//! Pagination of lists.

use serde::{Deserialize, Serialize};

/// Number of items on a page if the request does not set it.
pub const DEFAULT_PAGE_SIZE: usize = 50;
/// Maximum number of items on a page.
pub const MAX_PAGE_SIZE: usize = 200;

/// One page of a list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Sent as `cursor`, brings the next page; null on the last one. Only the session that it was given to can use it.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub next: Option<String>,
}
