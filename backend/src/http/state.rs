//! State of the extractors, and of the final step of every response.

use crate::config::Config;
use crate::platform::{Clock, LogRateLimit, MemoryBudget, Randomness};
use std::ops::Deref;
use std::sync::Arc;

/// Memory budget for bodies that are being received, in bytes; small ones do not count.
const BODY_MEMORY: usize = 4 * 1024 * 1024;

/// What extractors need. A clone is another handle.
#[derive(Clone)]
pub struct HttpState(Arc<HttpParts>);

/// Dependencies and parts of [`HttpState`].
pub struct HttpParts {
    /// Settings.
    pub config: Arc<Config>,
    /// Clock.
    pub clock: Arc<dyn Clock>,
    /// Source of request ids.
    pub random: Arc<dyn Randomness>,
    /// Memory budget for bodies that are being received.
    pub(super) body_memory: MemoryBudget,
    /// Rate limit of the warning about requests from another origin.
    pub(super) wrong_origin_warnings: LogRateLimit,
}

impl HttpState {
    /// Creates the state.
    pub fn new(config: Arc<Config>, clock: Arc<dyn Clock>, random: Arc<dyn Randomness>) -> Self {
        Self(Arc::new(HttpParts {
            config,
            clock,
            random,
            body_memory: MemoryBudget::new(BODY_MEMORY),
            wrong_origin_warnings: LogRateLimit::per_minute(10),
        }))
    }
}

impl Deref for HttpState {
    type Target = HttpParts;
    fn deref(&self) -> &HttpParts {
        &self.0
    }
}
