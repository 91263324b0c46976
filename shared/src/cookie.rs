//! Cookie names that the server and the page share.

/// Hint cookie that tells the page whether the browser has a session; it contains no secret.
pub const HINT_COOKIE: &str = "latchkey_hint";
/// Value of the hint cookie for a session that is kept when the browser is closed.
pub const HINT_PERSISTENT: &str = "1";
/// Value of the hint cookie for a session that ends with the browser, as the cookie does.
pub const HINT_SESSION_ONLY: &str = "passing";

/// Returns the suffix of the cookie names for a port: cookies are shared by all ports of a host (RFC 6265 §8.5), and
/// two installations must not use each other's. It is empty for the usual port, 443 for https or 8080 for http. `port`
/// is the one in the page's URL, `None` for the scheme's default.
pub fn port_suffix(is_https: bool, port: Option<u16>) -> String {
    let (own, usual) = if is_https { (443, 443) } else { (80, 8080) };
    match port.unwrap_or(own) {
        port if port == usual => String::new(),
        port => format!("_{port}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_ports_of_one_scheme_never_share_a_name() {
        for is_https in [true, false] {
            let ports = [None, Some(81), Some(3000), Some(8080), Some(8443), Some(u16::MAX)];
            let mut suffixes = ports.map(|port| port_suffix(is_https, port)).to_vec();
            suffixes.sort();
            suffixes.dedup();
            assert_eq!(suffixes.len(), ports.len(), "{suffixes:?}");
        }
        assert_eq!(port_suffix(true, None), "");
        assert_eq!(port_suffix(true, Some(443)), "");
        assert_eq!(port_suffix(false, Some(8080)), "");
        assert_eq!(port_suffix(false, Some(80)), port_suffix(false, None));
    }
}
