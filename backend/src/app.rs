//! Application state that all requests share.

use crate::accounts;
use crate::config::Config;
use crate::db::{self, BatchReader, BatchWriter, ConnectError, Database, LINGER, StoreError};
use crate::metrics::Metrics;
use crate::passwords::PasswordPool;
use crate::platform::{
    Clock, DataDirLock, FileLock, LockError, LogRateLimit, MemoryBudget, MonotonicClock, Randomness,
};
use crate::sessions::{self, DatabaseClock, ProofFailureLog, Revocations, TokenUseBuffer};
use crate::throttle::Throttle;
use crate::tokens::{AccessTokens, KeyError, Keys, ProofVerifier, RefreshTokens, Verifier};
use crate::traces::Traces;
use latchkey_shared::Timestamp;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

/// Memory budget, in bytes, for all bodies that are being received at one time; small ones do not count.
const BODY_MEMORY: usize = 4 * 1024 * 1024;

/// Handle to the application's state; a clone shares it.
#[derive(Clone)]
pub struct App(Arc<AppState>);

/// State of the application.
pub struct AppState {
    /// Configuration.
    pub config: Config,
    /// Database.
    pub db: Database,
    /// Clock.
    pub clock: Arc<dyn Clock>,
    /// Clock on which the servers of one database agree.
    pub database_clock: DatabaseClock,
    /// Clock that was set at the start, and that later corrections of the system's clock do not change.
    monotonic_clock: MonotonicClock,
    /// Source of unpredictable bytes.
    pub random: Arc<dyn Randomness>,
    /// Pool of hashing threads.
    pub passwords: PasswordPool,
    /// Throttle of password guesses.
    pub throttle: Throttle,
    /// Keys that tokens are signed with.
    pub keys: Arc<Keys>,
    /// Issuer of access tokens.
    pub access_tokens: AccessTokens,
    /// Issuer and reader of refresh tokens.
    pub refresh_tokens: RefreshTokens,
    /// Verifier of DPoP proofs.
    pub proofs: ProofVerifier,
    /// Verifier of access tokens.
    pub verifier: Verifier,
    /// Batched lookups of accounts by id.
    pub accounts: BatchReader<accounts::AccountById>,
    /// Batched lookups of accounts by e-mail address.
    pub credentials: BatchReader<accounts::CredentialsByEmail>,
    /// Batched lookups of sessions by id.
    pub sessions: BatchReader<sessions::SessionById>,
    /// Batched writes that start sessions.
    pub session_starts: BatchWriter<sessions::SessionStart>,
    /// Batched writes that rotate sessions.
    pub rotations: BatchWriter<sessions::Rotation>,
    /// Sessions that have ended recently.
    pub revocations: Revocations,
    /// Token generations that were used recently.
    pub token_use: TokenUseBuffer,
    /// Memory budget for bodies that are being received.
    pub body_memory: MemoryBudget,
    /// Sessions for which a missing proof was logged recently.
    pub proof_failures: ProofFailureLog,
    /// Counters.
    pub metrics: Metrics,
    /// Rate limit of the warnings about requests from another origin.
    pub wrong_origin_warnings: LogRateLimit,
    /// Tracer of requests, if a collector is configured.
    pub traces: Option<Traces>,
    /// Lock on the data folder: no backup is restored into it meanwhile.
    _folder: DataDirLock,
}

/// Cause of a failed start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be created or used.
    #[error("data_dir: cannot use {folder}: {source}")]
    DataDir {
        /// Path of the folder.
        folder: String,
        /// Error of the operating system.
        source: std::io::Error,
    },
    /// A backup is being put into the data folder.
    #[error("data_dir: a backup is being restored into {0}; start again once that is done")]
    Restoring(String),
    /// The signing keys cannot be loaded.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The database cannot be opened.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The hashing threads cannot be started.
    #[error("passwords.threads: cannot start them: {0}")]
    Threads(std::io::Error),
}

impl App {
    /// Opens the data folder and the database, reads or creates the secrets, and starts the hashing threads.
    pub async fn start(
        config: Config,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Randomness>,
    ) -> Result<Self, StartError> {
        let folder = data_dir(&config)?;
        let keys = Arc::new(Keys::load(&config, clock.now(), &*random)?);
        let instance = random.id(clock.now());
        let db = Database::open(&config.database_url).await?;
        let passwords = PasswordPool::start(&config.passwords).map_err(StartError::Threads)?;
        let hashing = passwords.clone();
        let database_clock = DatabaseClock::read(&db, &*clock).await?;
        Ok(Self(Arc::new(AppState {
            accounts: BatchReader::new(&db),
            credentials: BatchReader::new(&db),
            sessions: BatchReader::new(&db),
            // If many requests wait for a hashing thread, a sign-in takes far longer than `LINGER` anyway.
            session_starts: BatchWriter::with_linger(&db, move || hashing.expected_wait() > 3 * LINGER),
            rotations: BatchWriter::new(&db),
            revocations: Revocations::new(Arc::clone(&clock)),
            monotonic_clock: MonotonicClock::starting_at(clock.now(), &*clock),
            database_clock,
            db,
            clock,
            random,
            passwords,
            throttle: Throttle::new(&config.throttle).with_source_logging(config.log_addresses),
            access_tokens: AccessTokens::new(&config, Arc::clone(&keys)),
            refresh_tokens: RefreshTokens::new(&config, Arc::clone(&keys)),
            proofs: ProofVerifier::new(Arc::clone(&keys)),
            verifier: Verifier::new(&config, Arc::clone(&keys)),
            keys,
            traces: Traces::start(&config.traces, instance),
            config,
            token_use: TokenUseBuffer::default(),
            body_memory: MemoryBudget::new(BODY_MEMORY),
            proof_failures: ProofFailureLog::default(),
            metrics: Metrics::default(),
            wrong_origin_warnings: LogRateLimit::per_minute(10),
            _folder: folder,
        })))
    }

    /// Returns the time of a clock that has not been corrected since the start: for what must not depend on clock
    /// jumps.
    pub fn monotonic_now(&self) -> Timestamp {
        self.monotonic_clock.now(&*self.clock)
    }

    /// Returns how long a session lasts without use.
    pub fn idle_limit(&self, remember: bool) -> Duration {
        if remember { self.config.sessions.idle } else { self.config.sessions.idle_short }
    }
}

/// Locks of a server on its data, for as long as this lives.
pub struct DataLock {
    _folder: DataDirLock,
    _database: Option<FileLock>,
}

/// Locks an SQLite database for this program: a second one would learn late of ended sessions, and could not know which
/// requests must not be answered again. PostgreSQL can be shared by several servers.
pub fn lock_data(config: &Config) -> Result<DataLock, StartError> {
    Ok(DataLock { _folder: data_dir(config)?, _database: db::lock_sqlite_file(&config.database_url)? })
}

/// Returns a shared lock on the data folder, which is created if it does not exist.
fn data_dir(config: &Config) -> Result<DataDirLock, StartError> {
    let path = &config.data_dir;
    let failed = |source| StartError::DataDir { folder: path.display().to_string(), source };
    DataDirLock::create_dir(path).map_err(failed)?;
    DataDirLock::shared(path).map_err(|error| match error {
        LockError::InUse => StartError::Restoring(path.display().to_string()),
        LockError::System(source) => failed(source),
    })
}

impl Deref for App {
    type Target = AppState;
    fn deref(&self) -> &AppState {
        &self.0
    }
}
