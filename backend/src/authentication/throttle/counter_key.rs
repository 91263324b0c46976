//! Keys under which attempts are counted. They are digests of one size, so that no key contains an e-mail or IP
//! address.

use sha2::{Digest as _, Sha256};
use std::net::{IpAddr, Ipv6Addr};
use uuid::Uuid;

/// Truncated SHA-256 of what is counted.
pub type CounterKey = [u8; 16];

/// The counters that one attempt belongs to.
#[derive(Debug, Clone, Copy)]
pub struct AttemptScope {
    /// Key of the counter of one account or session; a success resets it.
    pub(super) credential: Option<CounterKey>,
    /// Key of the counter of the whole network.
    pub(super) network: Option<CounterKey>,
    /// Client address, for the log where that may name it.
    pub(super) source: Option<IpAddr>,
}

impl AttemptScope {
    /// Scope of a guess at the password of the account with this address, whether it exists or not.
    pub fn for_account(ip: &str, email_key: &str) -> Self {
        let network = network(ip);
        let account = digest(&[b"account", network.as_bytes(), email_key.as_bytes()]);
        Self { credential: Some(account), ..Self::for_network(ip) }
    }

    /// Scope of an attempt to find out whether an address has an account.
    pub fn for_network(ip: &str) -> Self {
        let network = digest(&[b"network", network(ip).as_bytes()]);
        Self { credential: None, network: Some(network), source: ip.parse().ok() }
    }

    /// Scope of a password check for a signed-in person. It is independent of what strangers on the same network do.
    pub fn for_session(session_id: Uuid) -> Self {
        Self { credential: Some(digest(&[b"session", session_id.as_bytes()])), network: None, source: None }
    }
}

/// Returns the network of an address: the address itself for IPv4, the /64 for IPv6, where a client can choose among
/// all of its addresses.
fn network(ip: &str) -> String {
    match ip.parse::<IpAddr>() {
        Ok(IpAddr::V6(address)) => Ipv6Addr::from(u128::from(address) & !u128::from(u64::MAX)).to_string(),
        Ok(IpAddr::V4(address)) => address.to_string(),
        // Clients without an IP address share one count.
        Err(_) => String::new(),
    }
}

/// Hashes the parts, each with its length, so that no two lists of parts give the same input.
fn digest(parts: &[&[u8]]) -> CounterKey {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    let mut key = CounterKey::default();
    key.copy_from_slice(&hash.finalize()[..16]);
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_one_address_of_ipv4_and_a_64_of_ipv6() {
        let key = |ip| AttemptScope::for_network(ip).network;
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
    }

    #[test]
    fn an_account_is_counted_apart_on_each_network() {
        let key = |ip, email| AttemptScope::for_account(ip, email).credential;
        assert_eq!(key("192.0.2.1", "ada@example.org"), key("192.0.2.1", "ada@example.org"));
        assert_ne!(key("192.0.2.1", "ada@example.org"), key("192.0.2.2", "ada@example.org"));
        assert_ne!(key("192.0.2.1", "ada@example.org"), key("192.0.2.1", "bob@example.org"));
    }
}
