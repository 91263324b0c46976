//! Configuration: text from a file and the environment becomes checked values, once, at the start.

mod database_url;
mod env_file;
mod kubernetes;
mod load;
mod raw_config;
mod redaction;
mod values;

pub use database_url::DatabaseUrl;
pub use load::{ConfigError, from_environment, from_pairs};
pub use values::{HumanDuration, KeyBinding, LogFormat, OtlpEndpoint, PublicUrl};

use latchkey_shared::Secret;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// Every setting, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the API listens.
    pub listen: SocketAddr,
    /// Where people open the page; the issuer of tokens.
    pub public_url: PublicUrl,
    /// The folder of the SQLite file and the secrets.
    pub data_dir: PathBuf,
    /// The database.
    pub database_url: DatabaseUrl,
    /// What tokens are made with and how long they last.
    pub tokens: TokenConfig,
    /// How long sessions last.
    pub sessions: SessionConfig,
    /// The hashing pool.
    pub passwords: PasswordConfig,
    /// How slow it is to guess passwords.
    pub throttle: ThrottleConfig,
    /// What a connection may take.
    pub connections: ConnectionConfig,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// How the log is written.
    pub log_format: LogFormat,
    /// Whether the log names the addresses that wrong guesses come from.
    pub log_addresses: bool,
    /// Who may watch.
    pub metrics: MetricsConfig,
    /// Where calls are traced to.
    pub traces: TraceConfig,
}

/// Who may watch the server.
#[derive(Debug, Clone)]
pub struct MetricsConfig {
    /// Where Prometheus may ask; nothing is counted where nobody may.
    pub listen: Option<SocketAddr>,
}

/// Where calls are traced to.
#[derive(Debug, Clone)]
pub struct TraceConfig {
    /// Who collects the traces; nothing is traced where nobody does.
    pub endpoint: Option<OtlpEndpoint>,
    /// The share of calls that are traced, from 0 to 1.
    pub sample: f64,
    /// Whether a trace that a trusted proxy has begun is continued, and its word on tracing it followed.
    pub follow_proxies: bool,
}

/// What tokens are made with and how long they last.
#[derive(Debug, Clone)]
pub struct TokenConfig {
    /// How long an access token lasts; whole seconds.
    pub access_lifetime: Duration,
    /// How long after a rotation the refresh token before it is still answered.
    pub refresh_grace: Duration,
    /// The Ed25519 private key (PKCS#8, PEM), where it does not come from the data folder.
    pub signing_key: Option<Secret>,
    /// The secret that signs refresh tokens, where it does not come from the data folder.
    pub refresh_secret: Option<Secret>,
}

/// How long sessions last.
#[derive(Debug, Clone)]
pub struct SessionConfig {
    /// Without use, when the person asked to be remembered.
    pub idle: Duration,
    /// Without use, otherwise.
    pub idle_short: Duration,
    /// In any case.
    pub absolute: Duration,
    /// How many sessions of one account live at once.
    pub per_account: u32,
    /// Which sessions are bound to a key of the client's.
    pub bind: KeyBinding,
}

/// The hashing pool.
#[derive(Debug, Clone)]
pub struct PasswordConfig {
    /// How many threads hash.
    pub threads: usize,
    /// How long a request waits for one of them.
    pub max_wait: Duration,
}

/// How slow it is to guess passwords.
#[derive(Debug, Clone)]
pub struct ThrottleConfig {
    /// How many wrong passwords for one account cost no wait on one network, and are forgiven in a period.
    pub per_account: u32,
    /// The same for one network, whatever the accounts.
    pub per_network: u32,
    /// The period.
    pub period: Duration,
    /// The longest wait.
    pub longest_wait: Duration,
}

/// What a connection may take.
#[derive(Debug, Clone)]
pub struct ConnectionConfig {
    /// How many there are at once; more wait until they are taken.
    pub max: usize,
    /// How long the head or the body of a request may take to arrive, and how long a connection is kept without one.
    pub patience: Duration,
}

impl Config {
    /// Whether `X-Forwarded-For` from this address is believed.
    pub fn trusts(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.trusted_proxies.iter().any(|network| network.contains(&peer))
    }
}
