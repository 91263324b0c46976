//! Arrival time and peer address of a request, read once: a second reading of the clock would noticeably slow down a
//! request that only verifies a token.

use latchkey_shared::Timestamp;
use std::net::IpAddr;

/// Request extension: the peer's address and the time at which the request arrived.
#[derive(Clone, Copy)]
pub(crate) struct RequestContext {
    /// Address of the other end of the connection: the client, or a proxy.
    pub peer: IpAddr,
    /// Time at which the request's head had been read.
    pub received_at: Timestamp,
}
