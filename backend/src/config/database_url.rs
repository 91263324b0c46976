//! Database URL, validated before a driver parses it.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use std::str::FromStr;
use url::{Url, form_urlencoded};

/// Database URL. Its `Debug` output does not contain the password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl {
    url: String,
    unsupported_parameters: Vec<&'static str>,
}

/// Characters to percent-encode in a file name: all but `/` and the unreserved ones (RFC 3986 §2.3).
const UNRESERVED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_').remove(b'~');

impl DatabaseUrl {
    /// Creates the URL of the SQLite database in this file, whatever characters its name has.
    pub fn from_path(file: &Path) -> Self {
        Self::plain(format!("sqlite://{}", utf8_percent_encode(&file.to_string_lossy(), UNRESERVED)))
    }

    fn plain(url: String) -> Self {
        Self { url, unsupported_parameters: Vec::new() }
    }

    /// Returns the parameters for more security that the driver cannot honor. Hosting providers put them into the URLs
    /// that they give out, so they do not prevent a start.
    pub fn unsupported_parameters(&self) -> &[&'static str] {
        &self.unsupported_parameters
    }

    /// Returns the whole URL, password included: only for the driver.
    pub fn expose(&self) -> &str {
        &self.url
    }

    /// Removes the password from a text, wherever it occurs: a driver's message may repeat its input.
    pub fn redacted(&self, text: &str) -> String {
        // The name of an SQLite file is not a secret.
        if self.is_sqlite() {
            return text.to_owned();
        }
        let text = text.replace(&self.url, "***");
        let Ok(url) = Url::parse(&self.url) else { return text };
        let raw = url.password().unwrap_or_default();
        let decoded = percent_decode_str(raw).decode_utf8_lossy();
        let named = url.query_pairs().filter(|(name, _)| name == "password");
        let secrets = [raw.to_owned(), decoded.into_owned()]
            .into_iter()
            .chain(named.map(|(_, value)| value.into_owned()));
        secrets.fold(text, |text, secret| redact(&text, &secret))
    }

    /// Returns the role to sign in as.
    pub fn user(&self) -> Option<String> {
        let url = Url::parse(&self.url).ok()?;
        let user = self
            .parameter(&["user"])
            .unwrap_or_else(|| percent_decode_str(url.username()).decode_utf8_lossy().into_owned());
        Some(user).filter(|user| !user.is_empty())
    }

    /// Returns the file of trusted certificate authorities; `None` if they are the system's.
    pub fn ca_file(&self) -> Option<String> {
        self.parameter(&CA_PARAMETERS).filter(|file| file != SYSTEM_CA)
    }

    /// Returns whether the certificate of the database is verified, and not only used for encryption.
    pub fn verifies_certificates(&self) -> bool {
        let mode = self.parameter(&["sslmode", "ssl-mode"]).unwrap_or_default();
        mode.to_ascii_lowercase().starts_with("verify-")
    }

    fn parameter(&self, names: &[&str]) -> Option<String> {
        let url = Url::parse(&self.url).ok()?;
        let last = url.query_pairs().filter(|(name, _)| names.contains(&&**name)).last();
        last.map(|(_, value)| value.into_owned())
    }

    /// Returns whether the URL names an SQLite file.
    pub fn is_sqlite(&self) -> bool {
        self.url.starts_with("sqlite:")
    }
}

const CA_PARAMETERS: [&str; 3] = ["sslrootcert", "ssl-root-cert", "ssl-ca"];
/// Value with which libpq, from version 16 on, names the system's certificate authorities.
const SYSTEM_CA: &str = "system";

/// Removes a secret from a text. A secret of less than 4 bytes is kept inside of words: it is a part of many words, and
/// the gaps would reveal it.
fn redact(text: &str, secret: &str) -> String {
    const SHORT: usize = 4;
    let mut kept = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(secret).filter(|_| !secret.is_empty()) {
        let is_within = before.ends_with(char::is_alphanumeric) || after.starts_with(char::is_alphanumeric);
        let shown = if is_within && secret.len() < SHORT { secret } else { "***" };
        kept.extend([before, shown]);
        rest = after;
    }
    kept + rest
}

impl FromStr for DatabaseUrl {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.starts_with("sqlite:") {
            return Ok(Self::plain(text.to_owned()));
        }
        if ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme)) {
            let url = validate(text)?;
            return Ok(Self {
                url: without_ignored_parameters(text),
                unsupported_parameters: unsupported_parameters(&url),
            });
        }
        Err("expected sqlite://FILE or postgres://USER:PASSWORD@HOST/NAME")
    }
}

/// Rejects what the driver would interpret differently than intended, or would report in its own words, including the
/// password.
fn validate(text: &str) -> Result<Url, &'static str> {
    const UNREADABLE: &str = "this is no URL: write it as postgres://USER:PASSWORD@HOST:PORT/NAME, and percent-encode what is not a letter or a digit in the user's name and the password (@ as %40, : as %3A, / as %2F, ? as %3F, # as %23, % as %25, a space as %20)";
    const UNKNOWN: &str = "a parameter behind the ? is not known: expected sslmode, sslrootcert, sslcert, sslkey, host, hostaddr, port, dbname, user, password, application_name, options or statement-cache-capacity; a ? in the password is percent-encoded as %3F";
    let url = Url::parse(text).map_err(|_| UNREADABLE)?;
    // An `@` after the host's name means that the password before it contains a `/`, `?` or `#`.
    let rest = [url.path(), url.query().unwrap_or_default()].concat();
    let parts = [url.username(), url.password().unwrap_or_default(), url.path()];
    if url.fragment().is_some() || rest.contains('@') || !parts.iter().all(|part| is_text(part)) {
        return Err(UNREADABLE);
    }
    if !url.query_pairs().all(|(name, value)| is_a_parameter(&name, &value)) {
        return Err(UNKNOWN);
    }
    if is_half_verified(&url) {
        return Err("sslrootcert=system needs sslmode=verify-full: anything else looks at no host's name");
    }
    Ok(url)
}

/// Returns the parameters that require more security than the driver can provide.
fn unsupported_parameters(url: &Url) -> Vec<&'static str> {
    let asked: HashMap<_, _> = url.query_pairs().collect();
    let value = |name: &str| asked.get(name).map(|value| &**value);
    let is = |name: &str, wanted: &str| value(name).is_some_and(|value| value.eq_ignore_ascii_case(wanted));
    [
        ("require_auth", value("require_auth").is_some_and(|value| !value.is_empty())),
        ("channel_binding", is("channel_binding", "require")),
        ("gssencmode", is("gssencmode", "require")),
        ("ssl_min_protocol_version", is("ssl_min_protocol_version", "TLSv1.3")),
    ]
    .into_iter()
    .filter_map(|(name, asked)| asked.then_some(name))
    .collect()
}

/// Returns whether the system's authorities are trusted without verifying the host's name.
fn is_half_verified(url: &Url) -> bool {
    let is = |names: &[&str], wanted: &str| {
        url.query_pairs().any(|(name, value)| names.contains(&&*name) && value.eq_ignore_ascii_case(wanted))
    };
    is(&CA_PARAMETERS, SYSTEM_CA) && !is(&["sslmode", "ssl-mode"], "verify-full")
}

/// Removes the parameters that the driver would only warn about in the log.
fn without_ignored_parameters(text: &str) -> String {
    let Some((place, query)) = text.split_once('?') else { return text.to_owned() };
    let is_ignored = |name: &str| IGNORED_PARAMETERS.contains(&name);
    let is_read = |pair: &&str| !form_urlencoded::parse(pair.as_bytes()).any(|(name, _)| is_ignored(&name));
    let kept = query.split('&').filter(is_read).collect::<Vec<_>>().join("&");
    if kept.is_empty() { place.to_owned() } else { format!("{place}?{kept}") }
}

fn is_text(encoded: &str) -> bool {
    percent_decode_str(encoded).decode_utf8().is_ok()
}

/// Returns whether the parameter is read by the driver or ignored. The driver logs all others, with their values.
fn is_a_parameter(name: &str, value: &str) -> bool {
    match name {
        "sslmode" | "ssl-mode" => {
            let value = value.to_ascii_lowercase();
            matches!(value.as_str(), "disable" | "allow" | "prefer" | "require" | "verify-ca" | "verify-full")
        }
        "port" => value.parse::<u16>().is_ok(),
        "hostaddr" => value.parse::<IpAddr>().is_ok(),
        "statement-cache-capacity" => value.parse::<usize>().is_ok(),
        "sslrootcert" | "ssl-root-cert" | "ssl-ca" | "sslcert" | "ssl-cert" | "sslkey" | "ssl-key" => true,
        "host" | "dbname" | "user" | "password" | "application_name" | "options" => true,
        _ => IGNORED_PARAMETERS.contains(&name) || (name.starts_with("options[") && name.ends_with(']')),
    }
}

/// Parameters that other PostgreSQL clients read, and that hosting providers put into their URLs. None of them contains
/// a secret.
const IGNORED_PARAMETERS: [&str; 18] = [
    "channel_binding",
    "client_encoding",
    "connect_timeout",
    "fallback_application_name",
    "gssencmode",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "load_balance_hosts",
    "require_auth",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcompression",
    "sslnegotiation",
    "sslsni",
    "target_session_attrs",
    "tcp_user_timeout",
];

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.url.split(':').next().unwrap_or_default();
        write!(f, "{scheme}:***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_other_clients_of_postgresql_read_is_kept_from_the_driver() {
        for (text, kept) in [
            ("postgres://u:p@h/db", "postgres://u:p@h/db"),
            ("postgres://h/db?channel_binding=prefer", "postgres://h/db"),
            ("postgres://h/db?channel%5Fbinding=disable&ssl_min_protocol_version=TLSv1.2", "postgres://h/db"),
            (
                "postgres://h/db?connect_timeout=9&sslmode=require&keepalives=1",
                "postgres://h/db?sslmode=require",
            ),
            ("postgres://h/db?options=-c%20a%3Db", "postgres://h/db?options=-c%20a%3Db"),
        ] {
            assert_eq!(text.parse::<DatabaseUrl>().unwrap().expose(), kept);
        }
        assert!("postgres://h/db?sslmod=require".parse::<DatabaseUrl>().is_err());
    }

    #[test]
    fn a_database_url_does_not_print_its_password() {
        let url: DatabaseUrl = "postgres://latchkey:hunter2@db/latchkey".parse().unwrap();
        assert_eq!(format!("{url:?}"), "postgres:***");
    }

    #[test]
    fn what_asks_for_safety_that_cannot_be_given_is_known_by_its_name() {
        for (query, names) in [
            ("require_auth=scram-sha-256", &["require_auth"][..]),
            ("sslmode=require&channel_binding=require", &["channel_binding"]),
            ("channel%5Fbinding=Require&gssencmode=require", &["channel_binding", "gssencmode"]),
            ("ssl_min_protocol_version=TLSv1.3", &["ssl_min_protocol_version"]),
            ("require_auth=&channel_binding=prefer&ssl_min_protocol_version=TLSv1.2", &[]),
        ] {
            let url: DatabaseUrl = format!("postgres://u:hunter2@h/db?{query}").parse().unwrap();
            assert_eq!(url.unsupported_parameters(), names, "{query}");
        }
        for query in ["sslrootcert=system", "sslmode=verify-ca&sslrootcert=system"] {
            let refused = format!("postgres://u:hunter2@h/db?{query}").parse::<DatabaseUrl>().unwrap_err();
            assert!(refused.contains("sslmode=verify-full"), "{query}: {refused}");
        }
    }

    #[test]
    fn the_systems_authorities_are_no_file() {
        let url = |file: &str| format!("postgres://h/db?sslmode=verify-full&sslrootcert={file}");
        let read = |file: &str| url(file).parse::<DatabaseUrl>().unwrap();
        assert_eq!(read("system").ca_file(), None);
        assert!(read("system").verifies_certificates());
        assert_eq!(read("/etc/ca.pem").ca_file().as_deref(), Some("/etc/ca.pem"));
    }

    #[test]
    fn a_password_is_taken_out_and_the_words_that_it_is_a_part_of_are_not() {
        let told = |password: &str, text: &str| {
            let url: DatabaseUrl = format!("postgres://u:{password}@h/db").parse().unwrap();
            url.redacted(text)
        };
        assert_eq!(told("hunter2", "no hunter2, nor xhunter2x"), "no ***, nor x***x");
        assert_eq!(told("p%40ss", "p@ss and p%40ss"), "*** and ***");
        assert_eq!(told("a", "a database, and \"a\""), "*** database, and \"***\"");
    }
}
