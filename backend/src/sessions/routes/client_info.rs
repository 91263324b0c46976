//! Extractor for the client of a request: its user agent and its IP address.

use crate::config::Config;
use crate::http::{HttpState, RequestContext};
use crate::sessions::ClientInfo;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const MAX_USER_AGENT: usize = 400;
/// Maximum number of `X-Forwarded-For` entries that are read: more proxies than any deployment chains.
const MAX_HOPS: usize = 64;

impl<S: AsRef<HttpState> + Send + Sync> FromRequestParts<S> for ClientInfo {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<RequestContext>().map(|context| context.peer);
        let address =
            peer.map(|peer| client_address(peer, &parts.headers, &state.as_ref().config).to_string());
        Ok(Self { user_agent: user_agent(&parts.headers), ip: address.unwrap_or_default() })
    }
}

/// Returns the nearest address that is not a configured proxy; `X-Forwarded-For` from any other sender is not trusted.
/// The entries are read from the end, byte by byte: what a client has put in front, text or not, hides none of them.
fn client_address(peer: IpAddr, headers: &HeaderMap, config: &Config) -> IpAddr {
    let mut address = peer.to_canonical();
    let lists = headers.get_all(FORWARDED_FOR).iter().rev();
    let hops = lists.flat_map(|list| list.as_bytes().rsplit(|byte| *byte == b','));
    // Empty list elements are ignored (RFC 9110 §5.6.1.2).
    let mut hops = hops.map(<[u8]>::trim_ascii).filter(|hop| !hop.is_empty()).take(MAX_HOPS);
    while config.trusts(address) {
        let Some(hop) = hops.next().and_then(parse_hop) else { break };
        address = hop.to_canonical();
    }
    address
}

/// Returns the address of one entry. Some proxies append the port, and put an IPv6 address in brackets.
fn parse_hop(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok()?;
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']')).unwrap_or(hop);
    let with_port = || hop.parse::<SocketAddr>().map(|address| address.ip());
    bare.parse().or_else(|_| with_port()).ok()
}

fn user_agent(headers: &HeaderMap) -> String {
    let name = headers.get(header::USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let visible = |c: &char| !c.is_control();
    name.unwrap_or_default().chars().filter(visible).take(MAX_USER_AGENT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::from_pairs;
    use axum::http::HeaderValue;

    fn seen(peer: &str, forwarded: &[&str]) -> String {
        let trusted = ("LATCHKEY_PROXIES__TRUSTED".to_owned(), "127.0.0.1/32,10.0.0.0/8".to_owned());
        let config = from_pairs(None, [trusted]).unwrap();
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, value.parse().unwrap());
        }
        client_address(peer.parse().unwrap(), &headers, &config).to_string()
    }

    #[test]
    fn only_configured_proxies_are_believed() {
        assert_eq!(seen("192.0.2.1", &["203.0.113.9"]), "192.0.2.1");
        assert_eq!(seen("127.0.0.1", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(seen("::ffff:127.0.0.1", &["203.0.113.9"]), "203.0.113.9");
    }

    #[test]
    fn an_address_may_come_with_its_port() {
        for (forwarded, address) in [
            ("203.0.113.9:41234", "203.0.113.9"),
            ("[2001:db8::9]:41234", "2001:db8::9"),
            ("[2001:db8::9]", "2001:db8::9"),
            ("2001:db8::9", "2001:db8::9"),
            ("[::ffff:203.0.113.9]:41234", "203.0.113.9"),
        ] {
            assert_eq!(seen("127.0.0.1", &[forwarded]), address);
            assert_eq!(seen("127.0.0.1", &["198.51.100.7", &format!("{forwarded}, 10.1.1.1:80")]), address);
        }
        for rubbish in ["203.0.113.9:", "203.0.113.9:port", "[203.0.113.9", "2001:db8::9]:1", "unknown"] {
            assert_eq!(seen("127.0.0.1", &[rubbish]), "127.0.0.1", "{rubbish}");
        }
    }

    /// Values as they arrive: bytes that are not text, lists in several headers, and lists beyond every limit.
    #[test]
    fn what_is_no_address_hides_none_of_the_hops_behind_it() {
        let trusted = ("LATCHKEY_PROXIES__TRUSTED".to_owned(), "127.0.0.1/32,10.0.0.0/8".to_owned());
        let config = from_pairs(None, [trusted]).unwrap();
        let endless = [b"10.1.1.1, ".repeat(2000), b"203.0.113.9".to_vec()].concat();
        let proxies = [b"203.0.113.9, ".to_vec(), b"10.1.1.1, ".repeat(1000), b"10.1.1.1".to_vec()].concat();
        for (forwarded, expected) in [
            (&[&b"\xff, 203.0.113.9"[..]][..], "203.0.113.9"),
            (&[b"\xe9t\xe9, \x80, 203.0.113.9, 10.1.1.1"], "203.0.113.9"),
            (&[b"\xff", b"203.0.113.9"], "203.0.113.9"),
            (&[b"\xff", b"203.0.113.9", b"10.1.1.1, 10.2.2.2"], "203.0.113.9"),
            (&["\u{d55c}\u{ad6d}, 203.0.113.9".as_bytes()], "203.0.113.9"),
            (&[b"203.0.113.9, "], "203.0.113.9"),
            (&[b"203.0.113.9, , ,10.1.1.1,,"], "203.0.113.9"),
            (&[b"203.0.113.9", b"", b" , "], "203.0.113.9"),
            (&[b"203.0.113.9\t,\t10.1.1.1"], "203.0.113.9"),
            (&[endless.as_slice()], "203.0.113.9"),
            // The address behind an unreadable entry is unknown: the nearest proxy counts.
            (&[b"203.0.113.9, \xff, 10.1.1.1"], "10.1.1.1"),
            (&[b"203.0.113.9, unknown"], "127.0.0.1"),
            (&[b"203.0.113.9, 10.1.1.1\xff"], "127.0.0.1"),
            (&[proxies.as_slice()], "10.1.1.1"),
        ] {
            let mut headers = HeaderMap::new();
            for value in forwarded {
                headers.append(FORWARDED_FOR, HeaderValue::from_bytes(value).unwrap());
            }
            let seen = client_address("127.0.0.1".parse().unwrap(), &headers, &config).to_string();
            assert_eq!(
                seen,
                expected,
                "{:?}",
                forwarded.iter().map(|value| value.escape_ascii().to_string())
            );
        }
    }

    #[test]
    fn what_a_client_put_there_itself_is_passed_over() {
        assert_eq!(seen("127.0.0.1", &["198.51.100.7, 203.0.113.9"]), "203.0.113.9");
        assert_eq!(seen("127.0.0.1", &["198.51.100.7", "203.0.113.9, 10.1.1.1"]), "203.0.113.9");
        assert_eq!(seen("127.0.0.1", &["rubbish"]), "127.0.0.1");
        assert_eq!(seen("127.0.0.1", &[]), "127.0.0.1");
    }
}
