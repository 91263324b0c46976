//! Self-service as one service: what its use cases need of authentication and sessions.

use crate::authentication::Authentication;
use crate::sessions::Sessions;

/// Lets people look after their own account. A clone is another handle.
#[derive(Clone)]
pub struct SelfService {
    /// Verifies passwords.
    pub authentication: Authentication,
    /// Sessions of the people.
    pub sessions: Sessions,
}
