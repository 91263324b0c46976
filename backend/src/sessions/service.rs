//! Sessions as one service: its dependencies, its batched reads and writes, and its state in memory.

use super::proof_failure_log::ProofFailureLog;
use super::refresh::{Rotation, SessionById};
use super::revocations::Revocations;
use super::sign_in::SessionStart;
use super::token_use::TokenUseBuffer;
use crate::accounts::AccountById;
use crate::authentication::Authentication;
use crate::config::Config;
use crate::db::{BatchReader, BatchWriter, Database, DatabaseClock, LINGER};
use crate::metrics::SessionMetrics;
use crate::platform::{Clock, MonotonicClock, Randomness};
use crate::tokens::Tokens;
use latchkey_shared::Timestamp;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

/// Starts, refreshes, lists and ends sessions. A clone is another handle.
#[derive(Clone)]
pub struct Sessions(Arc<SessionParts>);

/// Dependencies and parts of [`Sessions`].
pub struct SessionParts {
    /// Settings.
    pub config: Arc<Config>,
    /// Database.
    pub db: Database,
    /// Clock.
    pub clock: Arc<dyn Clock>,
    /// Clock that is never corrected.
    pub monotonic_clock: MonotonicClock,
    /// Clock on which the servers of one database agree.
    pub database_clock: Arc<DatabaseClock>,
    /// Source of ids.
    pub random: Arc<dyn Randomness>,
    /// Issues and verifies tokens.
    pub tokens: Tokens,
    /// Verifies who signs in.
    pub authentication: Authentication,
    /// Batched lookups of accounts by id.
    pub accounts: BatchReader<AccountById>,
    /// Batched lookups of sessions by id.
    pub sessions: BatchReader<SessionById>,
    /// Batched writes that start sessions.
    pub session_starts: BatchWriter<SessionStart>,
    /// Batched writes that rotate sessions.
    pub rotations: BatchWriter<Rotation>,
    /// Sessions that have ended recently.
    pub revocations: Arc<Revocations>,
    /// Token generations that were used recently.
    pub token_use: TokenUseBuffer,
    /// Sessions whose key was not proven recently.
    pub proof_failures: ProofFailureLog,
    /// Counts.
    pub metrics: SessionMetrics,
}

impl Sessions {
    /// Creates the service.
    pub fn new(config: Arc<Config>, db: Database, tokens: Tokens, authentication: Authentication) -> Self {
        let passwords = authentication.passwords.clone();
        let (clock, random) = (Arc::clone(&authentication.clock), Arc::clone(&authentication.random));
        Self(Arc::new(SessionParts {
            accounts: BatchReader::new(&db),
            sessions: BatchReader::new(&db),
            // While many requests wait for a hashing thread, a sign-in takes far longer than that anyway.
            session_starts: BatchWriter::with_linger(&db, move || passwords.expected_wait() > 3 * LINGER),
            rotations: BatchWriter::new(&db),
            revocations: Arc::new(Revocations::new(Arc::clone(&clock))),
            monotonic_clock: authentication.monotonic_clock,
            database_clock: Arc::clone(&authentication.database_clock),
            token_use: TokenUseBuffer::default(),
            proof_failures: ProofFailureLog::default(),
            metrics: SessionMetrics::default(),
            config,
            db,
            clock,
            random,
            tokens,
            authentication,
        }))
    }

    /// Returns the time by the clock that is never corrected.
    pub fn monotonic_now(&self) -> Timestamp {
        self.monotonic_clock.now(&*self.clock)
    }

    /// Returns the lifetime of a session without use.
    pub fn idle_limit(&self, remember: bool) -> Duration {
        if remember { self.config.sessions.idle } else { self.config.sessions.idle_short }
    }
}

impl Deref for Sessions {
    type Target = SessionParts;
    fn deref(&self) -> &SessionParts {
        &self.0
    }
}
