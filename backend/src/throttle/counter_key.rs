//! What a try is counted under. Keys are digests: no address of anybody lies in memory, and all take the same room.

use sha2::{Digest as _, Sha256};
use std::net::{IpAddr, Ipv6Addr};
use uuid::Uuid;

/// A digest of what is counted.
pub type CounterKey = [u8; 16];

/// One try to guess something.
#[derive(Debug, Clone, Copy)]
pub struct AttemptScope {
    /// The count of one account or session: it starts anew when the guess was right.
    pub(super) credential: Option<CounterKey>,
    /// The count of the whole network.
    pub(super) network: Option<CounterKey>,
    /// Where it comes from: for the log, where that may name it.
    pub(super) source: Option<IpAddr>,
}

impl AttemptScope {
    /// The password of the account with this address, whether there is one or not.
    pub fn for_account(ip: &str, email_key: &str) -> Self {
        let network = network(ip);
        let account = digest(&[b"account", network.as_bytes(), email_key.as_bytes()]);
        Self { credential: Some(account), ..Self::for_network(ip) }
    }

    /// Whether an address has an account.
    pub fn for_network(ip: &str) -> Self {
        let network = digest(&[b"network", network(ip).as_bytes()]);
        Self { credential: None, network: Some(network), source: ip.parse().ok() }
    }

    /// The password of somebody who is signed in. What strangers on the same network do does not matter here.
    pub fn for_session(session_id: Uuid) -> Self {
        Self { credential: Some(digest(&[b"session", session_id.as_bytes()])), network: None, source: None }
    }
}

/// An IPv6 client has a whole /64 to choose addresses from, so that is counted as one.
fn network(ip: &str) -> String {
    match ip.parse::<IpAddr>() {
        Ok(IpAddr::V6(address)) => Ipv6Addr::from(u128::from(address) & !u128::from(u64::MAX)).to_string(),
        Ok(IpAddr::V4(address)) => address.to_string(),
        // Whoever has no address shares one count.
        Err(_) => String::new(),
    }
}

/// Each part goes in with its length: no two lists of parts look the same.
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
