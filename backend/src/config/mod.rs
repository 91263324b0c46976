//! Configuration: text from a file and the environment, parsed and validated once, at startup.

mod database_url;
mod env_file;
mod hash_cost;
mod kubernetes;
mod load;
mod raw_config;
mod redaction;
mod values;

pub use database_url::DatabaseUrl;
pub use hash_cost::HashCost;
pub use load::{ConfigError, from_environment, from_pairs};
pub use values::{HumanDuration, KeyBinding, LogFormat, OtlpEndpoint, PublicUrl};

use latchkey_shared::Secret;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// All settings, validated.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address and port on which the API listens.
    pub listen: SocketAddr,
    /// URL at which people open the page; also the issuer of tokens.
    pub public_url: PublicUrl,
    /// Folder of the SQLite file and the secrets.
    pub data_dir: PathBuf,
    /// URL of the database.
    pub database_url: DatabaseUrl,
    /// Keys and lifetimes of tokens.
    pub tokens: TokenConfig,
    /// Lifetimes and limits of sessions.
    pub sessions: SessionConfig,
    /// The hashing pool.
    pub passwords: PasswordConfig,
    /// Throttling of password guesses.
    pub throttle: ThrottleConfig,
    /// Limits of connections.
    pub connections: ConnectionConfig,
    /// Proxies whose `X-Forwarded-For` is trusted.
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// Format of the log.
    pub log_format: LogFormat,
    /// The log names the addresses that wrong guesses come from.
    pub log_addresses: bool,
    /// Access to the metrics.
    pub metrics: MetricsConfig,
    /// Tracing of requests.
    pub traces: TraceConfig,
}

/// Access to the metrics.
#[derive(Debug, Clone)]
pub struct MetricsConfig {
    /// Address and port that Prometheus scrapes; without one, nothing is counted.
    pub listen: Option<SocketAddr>,
}

/// Tracing of requests.
#[derive(Debug, Clone)]
pub struct TraceConfig {
    /// Collector of the traces; without one, nothing is traced.
    pub endpoint: Option<OtlpEndpoint>,
    /// Share of requests that are traced, from 0 to 1.
    pub sample: f64,
    /// A trace that a trusted proxy has begun is continued, and its sampling decision followed.
    pub follow_proxies: bool,
}

/// Keys and lifetimes of tokens.
#[derive(Debug, Clone)]
pub struct TokenConfig {
    /// Lifetime of an access token, in whole seconds.
    pub access_lifetime: Duration,
    /// Time after a rotation for which the previous refresh token is still accepted.
    pub refresh_grace: Duration,
    /// Ed25519 private key (PKCS#8, PEM), where it does not come from the data folder.
    pub signing_key: Option<Secret>,
    /// Secret that signs refresh tokens, where it does not come from the data folder.
    pub refresh_secret: Option<Secret>,
}

/// Lifetimes and limits of sessions.
#[derive(Debug, Clone)]
pub struct SessionConfig {
    /// Lifetime without use, if the person asked to be remembered.
    pub idle: Duration,
    /// Lifetime without use, otherwise.
    pub idle_short: Duration,
    /// Lifetime in any case.
    pub absolute: Duration,
    /// Maximum number of concurrent sessions of one account.
    pub per_account: u32,
    /// Policy for binding sessions to a key of the client.
    pub bind: KeyBinding,
}

/// The hashing pool.
#[derive(Debug, Clone)]
pub struct PasswordConfig {
    /// Number of hashing threads.
    pub threads: usize,
    /// Maximum time that a request waits for one of them.
    pub max_wait: Duration,
    /// Cost of a new hash.
    pub cost: HashCost,
}

/// Throttling of password guesses.
#[derive(Debug, Clone)]
pub struct ThrottleConfig {
    /// Number of wrong passwords for one account that cost no wait on one network, and that are forgiven in a period.
    pub per_account: u32,
    /// The same for one network, across all accounts.
    pub per_network: u32,
    /// Length of the period.
    pub period: Duration,
    /// The longest wait.
    pub longest_wait: Duration,
}

/// Limits of connections.
#[derive(Debug, Clone)]
pub struct ConnectionConfig {
    /// Maximum number of concurrent connections; further ones wait until they are accepted.
    pub max: usize,
    /// Timeout for the arrival of a request's head or body, and for a connection without a request.
    pub patience: Duration,
}

impl Config {
    /// Returns whether `X-Forwarded-For` from this address is trusted.
    pub fn trusts(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.trusted_proxies.iter().any(|network| network.contains(&peer))
    }
}
