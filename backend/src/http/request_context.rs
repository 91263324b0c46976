//! When a call came, and from where. Looked up once: a checked call would feel a second look at the clock.

use latchkey_shared::Timestamp;
use std::net::IpAddr;

/// Lies with every request.
#[derive(Clone, Copy)]
pub(super) struct RequestContext {
    /// The other end of the connection: the client, or a proxy.
    pub peer: IpAddr,
    /// When its head had been read.
    pub received_at: Timestamp,
}
