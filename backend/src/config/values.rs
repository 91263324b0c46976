//! Types of settings that are more than text: each has a parser whose error says what is allowed.

use super::database_url::DatabaseUrl;
use super::hash_cost::Kibibytes;
use super::redaction::redacted;
use ipnet::IpNet;
use serde::{Deserialize, Deserializer, de};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;
use url::Url;

/// URL at which people open the page: scheme, host and port, without a path. Also the issuer of tokens (RFC 9068 §2.2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PublicUrl(Url);

impl PublicUrl {
    /// Returns the URL without a slash at its end: the `iss` and `aud` of tokens, and the `Origin` that browsers send.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// Returns whether the scheme is https, and cookies are therefore marked `Secure`.
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Returns the suffix of our cookies' names, which separates them from those of another installation on this host.
    pub fn port_suffix(&self) -> String {
        latchkey_shared::port_suffix(self.is_https(), self.0.port())
    }

    /// Returns whether the page is opened only on this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }

    /// Returns whether a browser that sends this `Origin` has opened our page. `localhost` and the loopback addresses
    /// are the same machine, so each of them is accepted for any other.
    pub fn is_origin(&self, origin: &str) -> bool {
        if origin == self.origin() {
            return true;
        }
        let Ok(other) = Url::parse(origin) else { return false };
        is_loopback(&self.0)
            && is_loopback(&other)
            && other.scheme() == self.0.scheme()
            && other.port_or_known_default() == self.0.port_or_known_default()
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

impl FromStr for PublicUrl {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const ALLOWED: &str =
            "expected http:// or https://, a host, and at most a port, such as https://id.example.org";
        let url = Url::parse(text).map_err(|_| ALLOWED)?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let anonymous = url.username().is_empty() && url.password().is_none();
        if matches!(url.scheme(), "http" | "https") && url.has_host() && bare && anonymous {
            Ok(Self(url))
        } else {
            Err(ALLOWED)
        }
    }
}

impl Default for PublicUrl {
    #[expect(clippy::expect_used, reason = "a constant that a test reads")]
    fn default() -> Self {
        "http://localhost:8080".parse().expect("a valid URL")
    }
}

/// Folder of the SQLite file and the secrets. Many messages contain its name, so anything that may be a secret is
/// rejected.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DataDir(pub PathBuf);

/// Length in bytes from which on a name without a slash counts as a key and not as a folder's name.
const SHORTEST_KEY: usize = 40;

impl FromStr for DataDir {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const SCHEMES: [&str; 4] = ["postgres:", "postgresql:", "mysql:", "sqlite:"];
        let lower = text.to_ascii_lowercase();
        let has_user = text.split_once('@').is_some_and(|(user, _)| user.contains(':'));
        if text.contains("://") || has_user || SCHEMES.iter().any(|scheme| lower.starts_with(scheme)) {
            return Err("expected the name of a folder, and no URL: a database's belongs in database.url");
        }
        if text.contains(char::is_control) || !text.contains('/') && text.len() >= SHORTEST_KEY {
            return Err("expected the name of a folder, such as /var/lib/latchkey, and no key");
        }
        Ok(Self(text.into()))
    }
}

/// Duration such as `10m`, `20s` or `14d`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HumanDuration(pub Duration);

impl FromStr for HumanDuration {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        humantime::parse_duration(text)
            .map(Self)
            .map_err(|_| "expected a length of time such as 500ms, 20s, 10m, 24h or 14d")
    }
}

/// Address and port on which the server listens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Listen(pub SocketAddr);

impl FromStr for Listen {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse()
            .map(Self)
            .map_err(|_| "expected an IP address and a port, such as 127.0.0.1:3000 or [::]:3000")
    }
}

/// Endpoint of a trace collector: OTLP over plain HTTP.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OtlpEndpoint {
    authority: String,
    path: String,
}

impl OtlpEndpoint {
    /// Returns the host and the port.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Returns the path on that host; `/v1/traces` unless another one is named.
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl FromStr for OtlpEndpoint {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const ALLOWED: &str = "expected http://, a host, and at most a port and a path, such as http://127.0.0.1:4318 (no https: let a collector nearby pass the traces on)";
        let url = Url::parse(text).map_err(|_| ALLOWED)?;
        let bare = url.query().is_none() && url.fragment().is_none();
        let anonymous = url.username().is_empty() && url.password().is_none();
        let host = url.host_str().filter(|_| url.scheme() == "http" && bare && anonymous).ok_or(ALLOWED)?;
        let path = if url.path() == "/" { "/v1/traces" } else { url.path() };
        let port = url.port_or_known_default().unwrap_or(80);
        Ok(Self { authority: format!("{host}:{port}"), path: path.to_owned() })
    }
}

/// Omits the path, which contains a key with some collectors.
impl fmt::Display for OtlpEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}", self.authority)
    }
}

/// Format of the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum LogFormat {
    /// One line of text per event, for people.
    #[default]
    Text,
    /// One JSON object per line, for machines.
    Json,
}

impl FromStr for LogFormat {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("expected text or json"),
        }
    }
}

/// Policy for binding sessions to a key of the client, if the client presents one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum KeyBinding {
    /// All sessions but those that outlive their key: remembered ones in a browser that deletes it after a week without
    /// a visit.
    #[default]
    Auto,
    /// All sessions.
    Required,
    /// No session; proofs are ignored.
    Off,
}

impl FromStr for KeyBinding {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "required" => Ok(Self::Required),
            "off" => Ok(Self::Off),
            _ => Err("expected auto, required or off"),
        }
    }
}

/// Addresses of proxies: a network such as `10.0.0.0/8`, or one address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Network(pub IpNet);

impl FromStr for Network {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        network.map(Self).map_err(|_| "expected an IP address or a network such as 10.0.0.0/8")
    }
}

/// Deserializes a setting with its parser. The error names the value only where it is not a secret.
macro_rules! parsed {
    ($type:ty, $describe:expr) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                let describe: fn(&str) -> String = $describe;
                text.parse().map_err(|allowed| de::Error::custom(format!("{}: {allowed}", describe(&text))))
            }
        }
    };
}
parsed!(PublicUrl, redacted);
parsed!(HumanDuration, redacted);
parsed!(Listen, redacted);
parsed!(OtlpEndpoint, redacted);
parsed!(LogFormat, redacted);
parsed!(KeyBinding, redacted);
parsed!(Network, redacted);
parsed!(Kibibytes, redacted);
parsed!(DataDir, |_| "this value".to_owned());
parsed!(DatabaseUrl, |_| "this value".to_owned());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_is_an_origin() {
        let url: PublicUrl = "https://id.example.org/".parse().unwrap();
        assert_eq!(url.origin(), "https://id.example.org");
        assert!(url.is_https());
        for text in
            ["", "id.example.org", "ftp://a", "https://a/b", "https://a?b", "https://u:p@a", "https://"]
        {
            assert!(text.parse::<PublicUrl>().is_err(), "{text}");
        }
    }

    #[test]
    fn only_our_page_is_our_origin() {
        let url: PublicUrl = "https://id.example.org".parse().unwrap();
        assert!(url.is_origin("https://id.example.org"));
        for other in [
            "http://id.example.org",
            "https://id.example.org.evil.test",
            "https://id.example.org:8443",
            "null",
            "",
        ] {
            assert!(!url.is_origin(other), "{other}");
        }
    }

    #[test]
    fn the_loopback_names_are_one_machine() {
        let url = PublicUrl::default();
        assert!(url.is_origin("http://127.0.0.1:8080"));
        assert!(url.is_origin("http://[::1]:8080"));
        assert!(!url.is_origin("http://127.0.0.1:9000"));
        assert!(!url.is_origin("http://localhost.evil.test:8080"));
    }

    #[test]
    fn a_collector_is_a_plain_url_whose_path_is_not_told() {
        let read = |text: &str| text.parse::<OtlpEndpoint>();
        for (text, redacted, path) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318", "/v1/traces"),
            ("http://[::1]:4318/", "http://[::1]:4318", "/v1/traces"),
            ("http://collector/hunter2/traces", "http://collector:80", "/hunter2/traces"),
        ] {
            let collector = read(text).unwrap();
            assert_eq!((collector.to_string().as_str(), collector.path()), (redacted, path));
        }
        for text in ["", "127.0.0.1:4318", "https://a", "http://a?b", "http://a#b", "http://u:p@a", "http://"]
        {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_data_folder_is_no_url_and_no_key() {
        for text in ["./data", "data", "/var/lib/latchkey", "of the unit & nobody's", "a:b", "at@home"] {
            assert_eq!(text.parse::<DataDir>().unwrap().0, PathBuf::from(text));
        }
        for text in [
            "postgres://latchkey:hunter2@db/latchkey",
            "latchkey:hunter2@db/latchkey",
            "Postgres:latchkey",
            "sqlite:data/latchkey.db",
            "hunter2hunter2hunter2hunter2hunter2hunter2h",
            "-----BEGIN PRIVATE KEY-----\nhunter2",
        ] {
            assert!(text.parse::<DataDir>().is_err(), "{text}");
        }
    }
}
