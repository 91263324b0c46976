//! Configuration loader: merges the file and the environment over the defaults, and validates the result.

use super::database_url::DatabaseUrl;
use super::raw_config::RawConfig;
use super::redaction::{describe_error, is_setting_name, redacted, redacted_path};
use super::{
    Config, ConnectionConfig, HashCost, MetricsConfig, PasswordConfig, SessionConfig, ThrottleConfig,
    TokenConfig, TraceConfig,
};
use super::{env_file, kubernetes};
use figment::Figment;
use figment::providers::{Format, Serialized, Toml};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Prefix of every variable that is a setting.
const PREFIX: &str = "LATCHKEY_";

/// Invalid configuration: one line that names the key and what is allowed. A value is repeated only where it cannot be
/// a secret.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

impl ConfigError {
    pub(super) fn new(line: String) -> Self {
        Self(line)
    }
}

/// Reads the file, if one is named or `latchkey.toml` is in the working directory, and the process's environment.
/// Variables of the env files override the environment's, and the last file's come first.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
pub fn from_environment(file: Option<&Path>, env_files: &[PathBuf]) -> Result<Config, ConfigError> {
    let mut variables = BTreeMap::new();
    for (name, value) in std::env::vars_os() {
        let Some(name) = name.into_string().ok().filter(|name| name.starts_with(PREFIX)) else { continue };
        let value = value.into_string().map_err(|_| ConfigError(format!("{name}: it is not UTF-8")))?;
        variables.insert(name, value);
    }
    for env_file in env_files {
        variables.extend(env_file::read(env_file)?);
    }
    from_pairs(file, variables)
}

/// Reads the file and the given variables.
pub fn from_pairs(
    file: Option<&Path>,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<Config, ConfigError> {
    let mut figment = Figment::new();
    let settings = settings_from_variables(variables)?;
    if let Some(file) = locate_config_file(file)? {
        let (text, table) = toml(&file)?;
        let values = table.iter().filter(|(_, value)| !value.is_table()).map(|(key, _)| &**key);
        reject_shadowed_keys(values, &settings)?;
        figment = figment.merge(Toml::string(&text));
    }
    reject_shadowed_keys(settings.keys().map(|key| &**key), &settings)?;
    for (key, value) in settings {
        figment = figment.merge(Serialized::default(&key, value));
    }
    check(figment.extract().map_err(|error| explain(&error))?)
}

/// Returns the file's text and table, if it is TOML. The error names the invalid line and does not repeat it.
fn toml(file: &Path) -> Result<(String, toml::Table), ConfigError> {
    let failed = |what: String| ConfigError(format!("{}: {what}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| failed(error.to_string()))?;
    match toml::from_str::<toml::Table>(&text) {
        Ok(table) => Ok((text, table)),
        Err(error) => {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            Err(failed(format!("line {line} is not TOML: expected a [section], or name = \"value\"")))
        }
    }
}

/// Rejects a value in the place of a section of which something else is set: one would silently override the other.
fn reject_shadowed_keys<'a>(
    keys: impl IntoIterator<Item = &'a str>,
    settings: &BTreeMap<String, serde_json::Value>,
) -> Result<(), ConfigError> {
    for key in keys.into_iter().filter(|key| is_setting_name(key)) {
        let is_within = |other: &&String| other.strip_prefix(key).is_some_and(|rest| rest.starts_with('.'));
        if let Some(other) = settings.keys().find(is_within) {
            let other = if is_setting_name(other) { other } else { "a part of it" };
            return Err(ConfigError(format!(
                "{key}: this cannot have a value while {other} has one: take it away"
            )));
        }
    }
    Ok(())
}

/// Returns the configuration file. A named file must exist; the default one may.
fn locate_config_file(named: Option<&Path>) -> Result<Option<PathBuf>, ConfigError> {
    match named {
        Some(file) if file.is_file() => Ok(Some(file.to_owned())),
        Some(file) => Err(ConfigError(format!("--config {}: there is no such file", file.display()))),
        None => Ok(Some(PathBuf::from("latchkey.toml")).filter(|file| file.is_file())),
    }
}

/// Converts `LATCHKEY_DATABASE__URL` to `database.url`, and reads the files that `…_FILE` names. An empty variable
/// counts as one that is not set: `${NAME:-}` produces such in compose files.
fn settings_from_variables(
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<BTreeMap<String, serde_json::Value>, ConfigError> {
    let mut settings = BTreeMap::new();
    for (name, value) in variables {
        let Some(key) = name.strip_prefix(PREFIX) else { continue };
        // `TEST_` variables are for our own tests; those of Kubernetes are not settings.
        if key.starts_with("TEST_") || value.is_empty() || kubernetes::is_service_variable(&name, &value) {
            continue;
        }
        let (key, value) = match key.strip_suffix("_FILE") {
            Some(key) => (key, read_value_file(&name, &value)?),
            None => (key, value),
        };
        let key = key.to_ascii_lowercase().replace("__", ".");
        let value = parse_value(&key, value);
        if settings.insert(key, value).is_some() {
            return Err(ConfigError(format!("{name}: set either this or its …_FILE twin, not both")));
        }
    }
    Ok(settings)
}

fn read_value_file(name: &str, file: &str) -> Result<String, ConfigError> {
    // The value may by mistake be the secret itself, instead of the name of its file.
    let file_name = redacted_path(file);
    let failed = |what: String| ConfigError(format!("{name}: cannot read {file_name}: {what}"));
    let text = std::fs::read_to_string(file).map_err(|error| failed(error.to_string()))?;
    match text.trim_end_matches(['\r', '\n']) {
        "" => Err(failed("it is empty".to_owned())),
        text => Ok(text.to_owned()),
    }
}

/// Converts a variable's text to the type of its setting.
fn parse_value(key: &str, value: String) -> serde_json::Value {
    match key {
        "sessions.per_account"
        | "passwords.passes"
        | "passwords.lanes"
        | "throttle.per_account"
        | "throttle.per_network"
        | "connections.max" => value.parse::<u32>().map_or(value.into(), Into::into),
        "passwords.threads" => value.parse::<u16>().map_or(value.into(), Into::into),
        "traces.sample" => {
            value.parse::<f64>().ok().filter(|share| share.is_finite()).map_or(value.into(), Into::into)
        }
        "log.addresses" | "metrics.allow_remote" | "traces.follow_proxies" => {
            value.parse::<bool>().map_or(value.into(), Into::into)
        }
        "proxies.trusted" => value.split([',', ' ']).map(str::trim).filter(|part| !part.is_empty()).collect(),
        _ => value.into(),
    }
}

/// Returns the error as one line: the key, then what is wrong and what is allowed.
fn explain(error: &figment::Error) -> ConfigError {
    let path: Vec<_> = error.path.iter().map(String::as_str).collect();
    // Whole sections count as well: the file may say `database = "postgres://…"`.
    let is_secret = matches!(path.as_slice(), ["database" | "tokens"] | ["database", ..])
        || matches!(path.as_slice(), ["tokens", "signing_key" | "refresh_secret", ..]);
    let reason = describe_error(&error.kind, is_secret).split_whitespace().collect::<Vec<_>>().join(" ");
    let names = path.iter().map(|name| if is_setting_name(name) { *name } else { "…" });
    let place = names.collect::<Vec<_>>().join(".");
    ConfigError(if place.is_empty() { reason } else { format!("{place}: {reason}") })
}

fn check(raw: RawConfig) -> Result<Config, ConfigError> {
    let access_lifetime = raw.tokens.access_lifetime.0;
    reject_if(access_lifetime.as_secs() == 0 || access_lifetime.subsec_nanos() != 0, || {
        format!(
            "tokens.access_lifetime: {}: expected whole seconds, at least 1s",
            redacted(&format!("{access_lifetime:?}"))
        )
    })?;
    for (key, span) in [
        ("sessions.idle", raw.sessions.idle.0),
        ("sessions.idle_short", raw.sessions.idle_short.0),
        ("sessions.absolute", raw.sessions.absolute.0),
        ("passwords.max_wait", raw.passwords.max_wait.0),
        ("throttle.longest_wait", raw.throttle.longest_wait.0),
        ("throttle.period", raw.throttle.period.0),
        ("connections.patience", raw.connections.patience.0),
    ] {
        reject_if(span.is_zero() || span > CENTURY, || {
            format!(
                "{key}: {}: expected more than nothing and at most a hundred years",
                redacted(&format!("{span:?}"))
            )
        })?;
    }
    let metrics = raw.metrics.listen.map(|listen| listen.0);
    let is_remote = metrics.is_some_and(|address| !address.ip().is_loopback());
    reject_if(is_remote && !raw.metrics.allow_remote, || {
        let address = metrics.map(|address| address.to_string()).unwrap_or_default();
        format!(
            "metrics.listen: {address}: expected an address of this machine alone, such as 127.0.0.1:9464; metrics.allow_remote = true lets everybody ask who can reach it"
        )
    })?;
    for (key, number) in [
        ("sessions.per_account", raw.sessions.per_account),
        ("throttle.per_account", raw.throttle.per_account),
        ("throttle.per_network", raw.throttle.per_network),
        ("connections.max", raw.connections.max),
    ] {
        reject_if(number == 0, || format!("{key}: 0: expected at least 1"))?;
    }
    let sample = raw.traces.sample;
    reject_if(!(0.0..=1.0).contains(&sample), || {
        let told = redacted(&sample.to_string());
        format!("traces.sample: {told}: expected a share from 0 (no call) to 1 (every call)")
    })?;
    reject_if(raw.passwords.threads == Some(0), || "passwords.threads: 0: expected at least 1".to_owned())?;
    let cost = HashCost {
        memory_kib: raw.passwords.memory.0,
        passes: raw.passwords.passes,
        lanes: raw.passwords.lanes,
    };
    cost.check().map_err(|(key, allowed)| ConfigError(format!("{key}: {allowed}")))?;
    let data_dir = raw.data_dir.0;
    let file = data_dir.join("latchkey.db");
    let database_url = match raw.database.url {
        Some(url) => url,
        None => DatabaseUrl::from_path(&file),
    };
    Ok(Config {
        listen: raw.listen.0,
        public_url: raw.public_url,
        database_url,
        data_dir,
        tokens: TokenConfig {
            access_lifetime,
            refresh_grace: raw.tokens.refresh_grace.0,
            signing_key: raw.tokens.signing_key,
            refresh_secret: raw.tokens.refresh_secret,
        },
        sessions: SessionConfig {
            idle: raw.sessions.idle.0,
            idle_short: raw.sessions.idle_short.0,
            absolute: raw.sessions.absolute.0,
            per_account: raw.sessions.per_account,
            bind: raw.sessions.bind,
        },
        passwords: PasswordConfig {
            threads: raw.passwords.threads.map_or_else(cores, usize::from),
            max_wait: raw.passwords.max_wait.0,
            cost,
        },
        log_format: raw.log.format,
        log_addresses: raw.log.addresses,
        metrics: MetricsConfig { listen: metrics },
        traces: TraceConfig {
            endpoint: raw.traces.endpoint,
            sample,
            follow_proxies: raw.traces.follow_proxies,
        },
        throttle: ThrottleConfig {
            per_account: raw.throttle.per_account,
            per_network: raw.throttle.per_network,
            period: raw.throttle.period.0,
            longest_wait: raw.throttle.longest_wait.0,
        },
        connections: ConnectionConfig {
            max: usize::try_from(raw.connections.max).unwrap_or(usize::MAX),
            patience: raw.connections.patience.0,
        },
        trusted_proxies: raw.proxies.trusted.into_iter().map(|network| network.0).collect(),
    })
}

const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn reject_if(wrong: bool, say: impl FnOnce() -> String) -> Result<(), ConfigError> {
    if wrong { Err(ConfigError(say())) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &[(&str, &str)]) -> Result<Config, String> {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        from_pairs(None, pairs).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_needs_to_be_set() {
        let config = with(&[]).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:3000");
        assert_eq!(config.public_url.origin(), "http://localhost:8080");
        assert_eq!(config.database_url.expose(), "sqlite://./data/latchkey.db");
        assert_eq!(config.tokens.access_lifetime, Duration::from_secs(600));
        assert_eq!(config.sessions.absolute, Duration::from_secs(90 * 24 * 3600));
    }

    #[test]
    fn variables_are_settings() {
        let config = with(&[
            ("LATCHKEY_LISTEN", "[::1]:4000"),
            ("LATCHKEY_TOKENS__ACCESS_LIFETIME", "4s"),
            ("LATCHKEY_PASSWORDS__THREADS", "3"),
            ("LATCHKEY_PROXIES__TRUSTED", "10.0.0.0/8, ::1/128 192.0.2.0/28"),
            ("LATCHKEY_DATABASE__URL", "postgres://db/latchkey"),
            ("LATCHKEY_TEST_DATABASE_URL", "not a setting"),
            ("PATH", "/bin"),
        ])
        .unwrap();
        assert_eq!(config.listen.port(), 4000);
        assert_eq!(config.tokens.access_lifetime, Duration::from_secs(4));
        assert_eq!(config.passwords.threads, 3);
        assert!(config.trusts("10.1.2.3".parse().unwrap()));
        assert!(config.trusts("192.0.2.1".parse().unwrap()));
        assert!(!config.trusts("192.0.2.17".parse().unwrap()));
        assert!(!config.database_url.is_sqlite());
    }

    #[test]
    fn metrics_are_for_this_machine_unless_said_otherwise() {
        let listen = ("LATCHKEY_METRICS__LISTEN", "192.0.2.1:9464");
        assert!(with(&[listen]).unwrap_err().contains("metrics.allow_remote"));
        let allowed = with(&[listen, ("LATCHKEY_METRICS__ALLOW_REMOTE", "true")]).unwrap();
        assert_eq!(allowed.metrics.listen, Some("192.0.2.1:9464".parse().unwrap()));
        for local in ["127.0.0.1:9464", "[::1]:9464"] {
            assert!(with(&[("LATCHKEY_METRICS__LISTEN", local)]).unwrap().metrics.listen.is_some());
        }
        assert_eq!(with(&[]).unwrap().metrics.listen, None);
    }

    #[test]
    fn nothing_is_traced_unless_somebody_collects_it() {
        assert_eq!(with(&[]).unwrap().traces.endpoint, None);
        let endpoint = ("LATCHKEY_TRACES__ENDPOINT", "http://127.0.0.1:4318");
        let every = with(&[endpoint]).unwrap().traces;
        assert_eq!((every.endpoint.unwrap().path(), every.follow_proxies), ("/v1/traces", false));
        assert!((every.sample - 1.0).abs() < f64::EPSILON);
        let some =
            [endpoint, ("LATCHKEY_TRACES__SAMPLE", "0.25"), ("LATCHKEY_TRACES__FOLLOW_PROXIES", "true")];
        let some = with(&some).unwrap().traces;
        assert!((some.sample - 0.25).abs() < f64::EPSILON && some.follow_proxies);
    }

    #[test]
    fn a_file_is_laid_under_the_variables() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "listen = \"127.0.0.1:1\"\n[tokens]\naccess_lifetime = \"2m\"\n")
            .unwrap();
        let variables = [("LATCHKEY_LISTEN".to_owned(), "127.0.0.1:2".to_owned())];
        let config = from_pairs(Some(file.path()), variables).unwrap();
        assert_eq!(config.listen.port(), 2);
        assert_eq!(config.tokens.access_lifetime, Duration::from_secs(120));
    }

    #[test]
    fn a_value_in_the_place_of_a_section_is_not_passed_over_for_what_is_set_within() {
        let within = ("LATCHKEY_DATABASE__URL", "sqlite://a");
        for pairs in [
            [("LATCHKEY_DATABASE", "postgres://hunter2"), within],
            [("LATCHKEY_LISTEN__X", "a"), ("LATCHKEY_LISTEN", "hunter2")],
        ] {
            let line = with(&pairs).unwrap_err();
            assert!(line.contains("cannot have a value while") && !line.contains("hunter2"), "{line}");
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "database = \"postgres://hunter2\"\n").unwrap();
        let variables = [(within.0.to_owned(), within.1.to_owned())];
        let line = from_pairs(Some(file.path()), variables).unwrap_err().to_string();
        assert!(line.contains("database: ") && line.contains("database.url"), "{line}");
    }

    #[test]
    fn a_file_that_is_not_toml_is_told_in_one_line() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "listen = \"127.0.0.1:1\"\n[tokens\n").unwrap();
        let line = from_pairs(Some(file.path()), []).unwrap_err().to_string();
        assert_eq!(line.lines().count(), 1, "{line}");
        assert!(line.contains("line 2"), "{line}");
    }

    #[test]
    fn a_secret_can_come_from_a_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "postgres://u:p@db/latchkey\n").unwrap();
        let path = file.path().to_str().unwrap();
        let config = with(&[("LATCHKEY_DATABASE__URL_FILE", path)]).unwrap();
        assert_eq!(config.database_url.expose(), "postgres://u:p@db/latchkey");
        let missing = file.path().with_extension("missing");
        let missing = missing.to_str().unwrap();
        assert!(with(&[("LATCHKEY_DATABASE__URL_FILE", missing)]).unwrap_err().contains(missing));
        let both = [("LATCHKEY_DATABASE__URL_FILE", path), ("LATCHKEY_DATABASE__URL", "sqlite://a")];
        assert!(with(&both).unwrap_err().contains("not both"));
    }

    #[test]
    fn a_bad_setting_is_one_line_that_names_the_key_and_what_is_allowed() {
        for (name, value, parts) in [
            ("LATCHKEY_LISTEN", "127.0.0.1:99999", ["listen", "127.0.0.1:99999", "[::]:3000"]),
            ("LATCHKEY_DATA_DIR", "postgres://latchkey@db/latchkey", ["data_dir", "folder", "database.url"]),
            ("LATCHKEY_LISTEN", "everywhere", ["listen", "expected", "[::]:3000"]),
            ("LATCHKEY_PUBLIC_URL", "id.example.org", ["public_url", "expected", "https://"]),
            ("LATCHKEY_TOKENS__ACCESS_LIFETIME", "soon", ["tokens.access_lifetime", "expected", "10m"]),
            (
                "LATCHKEY_TOKENS__ACCESS_LIFETIME",
                "500ms",
                ["tokens.access_lifetime", "500ms", "whole seconds"],
            ),
            ("LATCHKEY_SESSIONS__IDLE", "0s", ["sessions.idle", "0ns", "more than nothing"]),
            ("LATCHKEY_SESSIONS__PER_ACCOUNT", "0", ["sessions.per_account", "0", "at least 1"]),
            ("LATCHKEY_SESSIONS__PER_ACCOUNT", "-1", ["sessions.per_account", "-1", "u32"]),
            ("LATCHKEY_SESSIONS__BIND", "always", ["sessions.bind", "expected", "auto, required or off"]),
            ("LATCHKEY_PASSWORDS__THREADS", "0", ["passwords.threads", "0", "at least 1"]),
            ("LATCHKEY_PASSWORDS__THREADS", "many", ["passwords.threads", "expected", "u16"]),
            ("LATCHKEY_PASSWORDS__MEMORY", "19", ["passwords.memory", "19", "19MiB"]),
            ("LATCHKEY_PASSWORDS__MEMORY", "1MiB", ["passwords.memory", "7MiB", "4096MiB"]),
            ("LATCHKEY_PASSWORDS__MEMORY", "8GiB", ["passwords.memory", "7MiB", "4096MiB"]),
            ("LATCHKEY_PASSWORDS__PASSES", "0", ["passwords.passes", "1", "32"]),
            ("LATCHKEY_PASSWORDS__LANES", "17", ["passwords.lanes", "1", "16"]),
            ("LATCHKEY_THROTTLE__PER_ACCOUNT", "0", ["throttle.per_account", "0", "at least 1"]),
            ("LATCHKEY_THROTTLE__PER_NETWORK", "few", ["throttle.per_network", "expected", "u32"]),
            ("LATCHKEY_THROTTLE__PERIOD", "0s", ["throttle.period", "0ns", "more than nothing"]),
            ("LATCHKEY_CONNECTIONS__MAX", "0", ["connections.max", "0", "at least 1"]),
            ("LATCHKEY_PROXIES__TRUSTED", "friends", ["proxies.trusted", "expected", "IP"]),
            ("LATCHKEY_LOG__FORMAT", "xml", ["log.format", "expected", "text or json"]),
            ("LATCHKEY_METRICS__LISTEN", "0.0.0.0:9464", ["metrics.listen", "0.0.0.0:9464", "127.0.0.1"]),
            ("LATCHKEY_METRICS__ALLOW_REMOTE", "maybe", ["metrics.allow_remote", "expected", "bool"]),
            ("LATCHKEY_TRACES__ENDPOINT", "here:4318", ["traces.endpoint", "expected", "http://"]),
            ("LATCHKEY_TRACES__SAMPLE", "1.5", ["traces.sample", "1.5", "from 0"]),
            ("LATCHKEY_TRACES__SAMPLE", "NaN", ["traces.sample", "expected", "f64"]),
            ("LATCHKEY_TRACES__FOLLOW_PROXIES", "maybe", ["traces.follow_proxies", "expected", "bool"]),
            ("LATCHKEY_COLOUR", "red", ["colour", "unknown", "listen"]),
            ("LATCHKEY_TOKENS__COLOUR", "red", ["tokens.colour", "unknown", "access_lifetime"]),
        ] {
            let line = with(&[(name, value)]).unwrap_err();
            assert_eq!(line.lines().count(), 1, "{line}");
            for part in parts {
                assert!(line.contains(part), "{name}={value}: {line}");
            }
        }
    }

    #[test]
    fn a_bad_database_url_is_not_repeated() {
        let line = with(&[("LATCHKEY_DATABASE__URL", "mysql://u:hunter2@db/x")]).unwrap_err();
        assert!(line.starts_with("database.url: ") && line.contains("postgres://"), "{line}");
        assert!(!line.contains("hunter2"), "{line}");
    }
}
