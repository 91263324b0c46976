//! Settings as they are written, before validation.

use super::database_url::DatabaseUrl;
use super::hash_cost::{HashCost, Kibibytes};
use super::values::{
    DataDir, HumanDuration, KeyBinding, Listen, LogFormat, Network, OtlpEndpoint, PublicUrl,
};
use latchkey_shared::Secret;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// The file and the environment, merged over the defaults.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawConfig {
    pub listen: Listen,
    pub public_url: PublicUrl,
    pub data_dir: DataDir,
    pub database: Database,
    pub tokens: Tokens,
    pub sessions: Sessions,
    pub passwords: Passwords,
    pub throttle: Throttle,
    pub connections: Connections,
    pub proxies: Proxies,
    pub log: Log,
    pub metrics: Metrics,
    pub traces: Traces,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    pub url: Option<DatabaseUrl>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tokens {
    pub access_lifetime: HumanDuration,
    pub refresh_grace: HumanDuration,
    pub signing_key: Option<Secret>,
    pub refresh_secret: Option<Secret>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sessions {
    pub idle: HumanDuration,
    pub idle_short: HumanDuration,
    pub absolute: HumanDuration,
    pub per_account: u32,
    pub bind: KeyBinding,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Passwords {
    pub threads: Option<u16>,
    pub max_wait: HumanDuration,
    pub memory: Kibibytes,
    pub passes: u32,
    pub lanes: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Throttle {
    pub per_account: u32,
    pub per_network: u32,
    pub period: HumanDuration,
    pub longest_wait: HumanDuration,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Connections {
    pub max: u32,
    pub patience: HumanDuration,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Proxies {
    pub trusted: Vec<Network>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    pub format: LogFormat,
    pub addresses: bool,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Metrics {
    pub listen: Option<Listen>,
    pub allow_remote: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Traces {
    pub endpoint: Option<OtlpEndpoint>,
    pub sample: f64,
    pub follow_proxies: bool,
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

impl Default for RawConfig {
    fn default() -> Self {
        Self {
            listen: Listen(SocketAddr::from(([127, 0, 0, 1], 3000))),
            public_url: PublicUrl::default(),
            data_dir: DataDir(PathBuf::from("./data")),
            database: Database::default(),
            tokens: Tokens::default(),
            sessions: Sessions::default(),
            passwords: Passwords::default(),
            throttle: Throttle::default(),
            connections: Connections::default(),
            proxies: Proxies::default(),
            log: Log::default(),
            metrics: Metrics::default(),
            traces: Traces::default(),
        }
    }
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            access_lifetime: HumanDuration(Duration::from_secs(10 * MINUTE)),
            refresh_grace: HumanDuration(Duration::from_secs(20)),
            signing_key: None,
            refresh_secret: None,
        }
    }
}

impl Default for Sessions {
    fn default() -> Self {
        Self {
            idle: HumanDuration(Duration::from_secs(14 * DAY)),
            idle_short: HumanDuration(Duration::from_secs(DAY)),
            absolute: HumanDuration(Duration::from_secs(90 * DAY)),
            per_account: 100,
            bind: KeyBinding::default(),
        }
    }
}

impl Default for Passwords {
    fn default() -> Self {
        let HashCost { memory_kib, passes, lanes } = HashCost::DEFAULT;
        Self {
            threads: None,
            max_wait: HumanDuration(Duration::from_secs(5)),
            memory: Kibibytes(memory_kib),
            passes,
            lanes,
        }
    }
}

impl Default for Throttle {
    fn default() -> Self {
        Self {
            per_account: 10,
            per_network: 100,
            period: HumanDuration(Duration::from_secs(HOUR)),
            longest_wait: HumanDuration(Duration::from_secs(15 * MINUTE)),
        }
    }
}

impl Default for Traces {
    fn default() -> Self {
        Self { endpoint: None, sample: 1.0, follow_proxies: false }
    }
}

impl Default for Connections {
    fn default() -> Self {
        Self { max: 10_000, patience: HumanDuration(Duration::from_secs(30)) }
    }
}
