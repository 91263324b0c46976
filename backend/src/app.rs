//! What every request shares.

use crate::accounts;
use crate::config::Config;
use crate::db::{self, ConnectError, Database, Gather, MOMENT, StoreError, Together};
use crate::metrics::Metrics;
use crate::passwords::Pool;
use crate::platform::{Clock, Folder, FolderError, Hold, Randomness, Room, Seldom, Steady};
use crate::sessions::{self, EndedSessions, SeenGenerations, SharedTime, UnprovenSessions};
use crate::throttle::Throttle;
use crate::tokens::{AccessTokens, KeyError, Keys, Proofs, RefreshTokens, Verifier};
use crate::traces::Traces;
use latchkey_shared::Timestamp;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

/// How much memory the bodies may take that are under way at one time, in bytes; small ones do not count.
const BODIES: usize = 4 * 1024 * 1024;

/// The application's state; a copy is a handle.
#[derive(Clone)]
pub struct App(Arc<State>);

/// The parts of the application.
pub struct State {
    /// The settings.
    pub config: Config,
    /// The database.
    pub db: Database,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The time on which the servers of one database agree.
    pub shared_time: SharedTime,
    /// The time by the clock as it was at the start, whatever has become of it.
    steady: Steady,
    /// Bytes that nobody can guess.
    pub random: Arc<dyn Randomness>,
    /// The hashing threads.
    pub passwords: Pool,
    /// What slows guessing down.
    pub throttle: Throttle,
    /// What tokens are signed with.
    pub keys: Arc<Keys>,
    /// Issues access tokens.
    pub access_tokens: AccessTokens,
    /// Issues and reads refresh tokens.
    pub refresh_tokens: RefreshTokens,
    /// Reads proofs of keys.
    pub proofs: Proofs,
    /// Checks access tokens.
    pub verifier: Verifier,
    /// Finds accounts by their ids.
    pub accounts: Gather<accounts::ById>,
    /// Finds accounts by their addresses.
    pub credentials: Gather<accounts::ByEmail>,
    /// Finds sessions by their ids.
    pub sessions: Gather<sessions::ById>,
    /// Begins sessions.
    pub sign_ins: Together<sessions::SignIn>,
    /// Rotates sessions.
    pub rotations: Together<sessions::Rotation>,
    /// Sessions that have ended lately.
    pub ended: EndedSessions,
    /// Generations that have been met lately.
    pub seen: SeenGenerations,
    /// The memory for bodies that are under way.
    pub bodies: Room,
    /// Sessions whose key was not proven lately.
    pub unproven: UnprovenSessions,
    /// What is counted.
    pub metrics: Metrics,
    /// How often the log tells of calls from another origin.
    pub wrong_origins: Seldom,
    /// What traces calls, where somebody collects that.
    pub traces: Option<Traces>,
    /// The data folder is in use: nothing is restored into it meanwhile.
    _folder: Folder,
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
        let passwords = Pool::start(&config.passwords).map_err(StartError::Threads)?;
        let hashing = passwords.clone();
        let shared_time = SharedTime::read(&db, &*clock).await?;
        Ok(Self(Arc::new(State {
            accounts: Gather::on(&db),
            credentials: Gather::on(&db),
            sessions: Gather::on(&db),
            // Where many wait for a hashing thread, a sign-in takes far longer than that.
            sign_ins: Together::unhurried(&db, move || hashing.expected_wait() > 3 * MOMENT),
            rotations: Together::on(&db),
            ended: EndedSessions::new(Arc::clone(&clock)),
            steady: Steady::showing(clock.now(), &*clock),
            shared_time,
            db,
            clock,
            random,
            passwords,
            throttle: Throttle::new(&config.throttle).telling_sources(config.log_addresses),
            access_tokens: AccessTokens::new(&config, Arc::clone(&keys)),
            refresh_tokens: RefreshTokens::new(&config, Arc::clone(&keys)),
            proofs: Proofs::new(Arc::clone(&keys)),
            verifier: Verifier::new(&config, Arc::clone(&keys)),
            keys,
            traces: Traces::start(&config.traces, instance),
            config,
            seen: SeenGenerations::default(),
            bodies: Room::of(BODIES),
            unproven: UnprovenSessions::default(),
            metrics: Metrics::default(),
            wrong_origins: Seldom::at_most(10),
            _folder: folder,
        })))
    }

    /// The time by a clock that nobody has corrected since the start: for what must not depend on leaps.
    pub fn steady_now(&self) -> Timestamp {
        self.steady.now(&*self.clock)
    }

    /// How long a session lasts without use.
    pub fn idle_limit(&self, remember: bool) -> Duration {
        if remember { self.config.sessions.idle } else { self.config.sessions.idle_short }
    }
}

/// What a server holds of its data, for as long as this lives.
pub struct Claim {
    _folder: Folder,
    _database: Option<Hold>,
}

/// Claims an SQLite database for this program: a second one beside it would learn late of what has ended, and could not
/// know what it must not answer again. Servers share PostgreSQL.
pub fn claim(config: &Config) -> Result<Claim, StartError> {
    Ok(Claim { _folder: data_dir(config)?, _database: db::hold(&config.database_url)? })
}

/// The folder, made where there is none, and held.
fn data_dir(config: &Config) -> Result<Folder, StartError> {
    let path = &config.data_dir;
    let failed = |source| StartError::DataDir { folder: path.display().to_string(), source };
    Folder::make(path).map_err(failed)?;
    Folder::shared(path).map_err(|error| match error {
        FolderError::InUse => StartError::Restoring(path.display().to_string()),
        FolderError::System(source) => failed(source),
    })
}

impl Deref for App {
    type Target = State;
    fn deref(&self) -> &State {
        &self.0
    }
}
