//! Lists come in pages.

use serde::{Deserialize, Serialize};

/// How many items a page holds where nobody says.
pub const DEFAULT_PAGE_SIZE: usize = 50;
/// How many it holds at most.
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
