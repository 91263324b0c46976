//! Timeouts that several files of this module share.

use std::time::Duration;

/// Time for which a request waits for a connection before it fails with status 500.
pub const ACQUIRE: Duration = Duration::from_secs(3);
/// Time for which SQLite waits for another program's write lock.
pub const BUSY: Duration = Duration::from_secs(5);
/// PostgreSQL's limit for one statement.
pub const STATEMENT: Duration = Duration::from_secs(5);
/// Limit for a response, including the wait for a connection. PostgreSQL's own limit ends first, if it still responds.
pub const RESPONSE: Duration = ACQUIRE.saturating_add(STATEMENT);
