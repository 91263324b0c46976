//! What every request shares.

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

/// How much memory the bodies may take that are under way at one time, in bytes; small ones do not count.
const BODY_MEMORY: usize = 4 * 1024 * 1024;

/// The application's state; a copy is a handle.
#[derive(Clone)]
pub struct App(Arc<AppState>);

/// The parts of the application.
pub struct AppState {
    /// The settings.
    pub config: Config,
    /// The database.
    pub db: Database,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The time on which the servers of one database agree.
    pub database_clock: DatabaseClock,
    /// The time by the clock as it was at the start, whatever has become of it.
    monotonic_clock: MonotonicClock,
    /// Bytes that nobody can guess.
    pub random: Arc<dyn Randomness>,
    /// The hashing threads.
    pub passwords: PasswordPool,
    /// What slows guessing down.
    pub throttle: Throttle,
    /// What tokens are signed with.
    pub keys: Arc<Keys>,
    /// Issues access tokens.
    pub access_tokens: AccessTokens,
    /// Issues and reads refresh tokens.
    pub refresh_tokens: RefreshTokens,
    /// Reads proofs of keys.
    pub proofs: ProofVerifier,
    /// Checks access tokens.
    pub verifier: Verifier,
    /// Finds accounts by their ids.
    pub accounts: BatchReader<accounts::AccountById>,
    /// Finds accounts by their addresses.
    pub credentials: BatchReader<accounts::CredentialsByEmail>,
    /// Finds sessions by their ids.
    pub sessions: BatchReader<sessions::SessionById>,
    /// Begins sessions.
    pub session_starts: BatchWriter<sessions::SessionStart>,
    /// Rotates sessions.
    pub rotations: BatchWriter<sessions::Rotation>,
    /// Sessions that have ended lately.
    pub revocations: Revocations,
    /// Generations that have been met lately.
    pub token_use: TokenUseBuffer,
    /// The memory for bodies that are under way.
    pub body_memory: MemoryBudget,
    /// Sessions whose key was not proven lately.
    pub proof_failures: ProofFailureLog,
    /// What is counted.
    pub metrics: Metrics,
    /// How often the log tells of calls from another origin.
    pub wrong_origin_warnings: LogRateLimit,
    /// What traces calls, where somebody collects that.
    pub traces: Option<Traces>,
    /// The data folder is in use: nothing is restored into it meanwhile.
    _folder: DataDirLock,
}

/// Why the application cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be made or used.
    #[error("data_dir: cannot use {folder}: {source}")]
    DataDir {
        /// Which folder.
        folder: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// A backup is being put into the data folder.
    #[error("data_dir: a backup is being restored into {0}; start again once that is done")]
    Restoring(String),
    /// There is nothing to sign with.
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
    /// Opens the data folder and the database, reads or makes the secrets, and starts the hashing threads.
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
            // Where many wait for a hashing thread, a sign-in takes far longer than that.
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

    /// The time by a clock that nobody has corrected since the start: for what must not depend on leaps.
    pub fn monotonic_now(&self) -> Timestamp {
        self.monotonic_clock.now(&*self.clock)
    }

    /// How long a session lasts without use.
    pub fn idle_limit(&self, remember: bool) -> Duration {
        if remember { self.config.sessions.idle } else { self.config.sessions.idle_short }
    }
}

/// What a server holds of its data, for as long as this lives.
pub struct DataLock {
    _folder: DataDirLock,
    _database: Option<FileLock>,
}

/// Claims an SQLite database for this program: a second one beside it would learn late of what has ended, and could not
/// know what it must not answer again. Servers share PostgreSQL.
pub fn lock_data(config: &Config) -> Result<DataLock, StartError> {
    Ok(DataLock { _folder: data_dir(config)?, _database: db::lock_sqlite_file(&config.database_url)? })
}

/// The folder, made where there is none, and held.
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
