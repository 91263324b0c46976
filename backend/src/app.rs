//! Construction of the services. Each route gets its own; nothing takes the whole application but the server.

use crate::authentication::hashing::{PasswordPool, PoolStartError};
use crate::authentication::throttle::Throttle;
use crate::authentication::{Authentication, AuthenticationParts};
use crate::config::Config;
use crate::db::{self, BatchReader, ConnectError, Database, DatabaseClock, StoreError};
use crate::http::HttpState;
use crate::metrics::Metrics;
use crate::platform::{Clock, DataDirLock, FileLock, LockError, MonotonicClock, Randomness};
use crate::self_service::SelfService;
use crate::sessions::Sessions;
use crate::tokens::{KeyError, Keys, Tokens};
use crate::traces::Traces;
use axum::extract::FromRef;
use std::ops::Deref;
use std::sync::Arc;

/// The application. A clone is another handle.
#[derive(Clone)]
pub struct App(Arc<AppParts>);

/// The parts of the application.
pub struct AppParts {
    /// Settings.
    pub config: Arc<Config>,
    /// Database.
    pub db: Database,
    /// Clock.
    pub clock: Arc<dyn Clock>,
    /// Source of random bytes.
    pub random: Arc<dyn Randomness>,
    /// State of the extractors.
    pub http: HttpState,
    /// Issues and verifies tokens.
    pub tokens: Tokens,
    /// Verifies who somebody is.
    pub authentication: Authentication,
    /// Starts, refreshes, lists and ends sessions.
    pub sessions: Sessions,
    /// Lets people look after their own account.
    pub self_service: SelfService,
    /// Counts of the server as a whole.
    pub metrics: Metrics,
    /// Tracing, if a collector is configured.
    pub traces: Option<Traces>,
    /// Lock on the data folder: nothing is restored into it meanwhile.
    _data_dir: DataDirLock,
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
    #[error(transparent)]
    Passwords(#[from] PoolStartError),
}

impl App {
    /// Opens the data folder and the database, reads or creates the secrets, and starts the hashing threads.
    pub async fn start(
        config: Config,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Randomness>,
    ) -> Result<Self, StartError> {
        let data_dir = lock_data_dir(&config)?;
        let keys = Arc::new(Keys::load(&config, clock.now(), &*random)?);
        let instance = random.id(clock.now());
        let db = Database::open(&config.database_url).await?;
        let passwords = PasswordPool::start(&config.passwords, &*random)?;
        let config = Arc::new(config);
        let tokens = Tokens::new(Arc::clone(&config), db.clone(), Arc::clone(&clock), keys);
        let authentication = Authentication::new(AuthenticationParts {
            monotonic_clock: MonotonicClock::starting_at(clock.now(), &*clock),
            database_clock: Arc::new(DatabaseClock::read(db.clone(), Arc::clone(&clock)).await?),
            throttle: Throttle::new(&config.throttle).with_source_logging(config.log_addresses),
            longest_wait: config.throttle.longest_wait,
            passwords_by_email: BatchReader::new(&db),
            passwords,
            db: db.clone(),
            clock: Arc::clone(&clock),
            random: Arc::clone(&random),
        });
        let sessions = Sessions::new(Arc::clone(&config), db.clone(), tokens.clone(), authentication.clone());
        Ok(Self(Arc::new(AppParts {
            http: HttpState::new(Arc::clone(&config), Arc::clone(&clock), Arc::clone(&random)),
            self_service: SelfService { authentication: authentication.clone(), sessions: sessions.clone() },
            metrics: Metrics::default(),
            traces: Traces::start(&config.traces, instance),
            config,
            db,
            clock,
            random,
            tokens,
            authentication,
            sessions,
            _data_dir: data_dir,
        })))
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
    Ok(DataLock { _folder: lock_data_dir(config)?, _database: db::lock_sqlite_file(&config.database_url)? })
}

/// Returns a shared lock on the data folder, which is created if it does not exist.
fn lock_data_dir(config: &Config) -> Result<DataDirLock, StartError> {
    let path = &config.data_dir;
    let failed = |source| StartError::DataDir { folder: path.display().to_string(), source };
    DataDirLock::create_dir(path).map_err(failed)?;
    DataDirLock::shared(path).map_err(|error| match error {
        LockError::InUse => StartError::Restoring(path.display().to_string()),
        LockError::System(source) => failed(source),
    })
}

impl Deref for App {
    type Target = AppParts;
    fn deref(&self) -> &AppParts {
        &self.0
    }
}

impl AsRef<HttpState> for App {
    fn as_ref(&self) -> &HttpState {
        &self.http
    }
}

impl AsRef<Sessions> for App {
    fn as_ref(&self) -> &Sessions {
        &self.sessions
    }
}

impl FromRef<App> for Sessions {
    fn from_ref(app: &App) -> Self {
        app.sessions.clone()
    }
}

impl FromRef<App> for SelfService {
    fn from_ref(app: &App) -> Self {
        app.self_service.clone()
    }
}

impl FromRef<App> for Tokens {
    fn from_ref(app: &App) -> Self {
        app.tokens.clone()
    }
}
