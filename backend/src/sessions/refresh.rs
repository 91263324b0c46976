//! Refresh: exchanges a refresh token for new tokens; the account's roles are read again each time.

use super::key_binding::PresentedProof;
use super::revoke::{self, SessionSelector};
use super::rotation::{Decision, Generation, KeyCheck, decide};
use super::session::{ClientInfo, IssueParams, IssuedTokens, SessionRecord};
use super::sign_in::{IssueError, issue};
use super::{revocations, store};
use crate::db::{BatchWrite, Database, Executor, Lookup, StoreError};
use crate::metrics::RefreshOutcome;
use crate::sessions::Sessions;
use crate::tokens::{Proof, ProofError, RefreshClaims, RefreshTokenError, Thumbprint};
use latchkey_shared::{Account, EndReason, Secret, Timestamp, TokenDelivery};
use uuid::Uuid;

/// Error of a refresh.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// Not a refresh token of this server.
    #[error("not a refresh token of this server")]
    Invalid,
    /// The request has tokens of several accounts, and it is ambiguous which one was meant.
    #[error("refresh tokens of several accounts came along")]
    Ambiguous,
    /// The session has ended.
    #[error("the session has ended: {0:?}")]
    Ended(Option<EndReason>),
    /// The token predates a password change.
    #[error("the refresh token is from before a change of password")]
    PredatesPasswordChange,
    /// Two parties have tokens of the session; it has been ended.
    #[error("the refresh token was used twice")]
    Replayed,
    /// The session is bound to a key, and possession of that key was not proven.
    #[error("the session's key was not proven")]
    Unproven,
    /// The client must send a new proof of the session's key.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// Concurrent refreshes rotated the session during each of this request's attempts.
    #[error("the session is being refreshed too often at once")]
    Contended,
    /// No token could be signed.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl RefreshError {
    fn outcome(&self) -> RefreshOutcome {
        match self {
            Self::Invalid | Self::Ambiguous | Self::PredatesPasswordChange => RefreshOutcome::Invalid,
            Self::Ended(_) => RefreshOutcome::Ended,
            Self::Replayed => RefreshOutcome::Replayed,
            Self::Unproven | Self::Proof(_) => RefreshOutcome::Unproven,
            Self::Contended | Self::Issue(_) | Self::Store(_) => RefreshOutcome::Failed,
        }
    }
}

/// Maximum number of attempts. The loser of a race for a rotation finds the winner's generation at the second one.
const MAX_ATTEMPTS: usize = 4;

/// Exchanges a refresh token for the tokens of the current or the next generation. `delivery` is that of the new
/// refresh token: the same as that of this one.
pub async fn run(
    service: &Sessions,
    token: &Secret,
    delivery: TokenDelivery,
    proof: Option<Proof>,
    client_info: &ClientInfo,
) -> Result<IssuedTokens, RefreshError> {
    let exchanged = exchange(service, token, delivery, proof, client_info).await;
    service.metrics.refreshes.add(match &exchanged {
        Ok((how, _)) => *how,
        Err(error) => error.outcome(),
    });
    exchanged.map(|(_, tokens)| tokens)
}

async fn exchange(
    service: &Sessions,
    token: &Secret,
    delivery: TokenDelivery,
    proof: Option<Proof>,
    client_info: &ClientInfo,
) -> Result<(RefreshOutcome, IssuedTokens), RefreshError> {
    let now = service.clock.now();
    let claims = match service.tokens.refresh_tokens.read(token, now) {
        Ok(claims) => claims,
        Err(RefreshTokenError::Invalid) => return Err(RefreshError::Invalid),
        Err(RefreshTokenError::Expired(claims)) => {
            return Err(RefreshError::Ended(
                service.revocations.reason(claims.sid).or(Some(EndReason::Expired)),
            ));
        }
    };
    let presented_proof = PresentedProof::consume(service, proof, now);
    for _ in 0..MAX_ATTEMPTS {
        if let Some(exchanged) =
            attempt(service, &claims, delivery, &presented_proof, client_info, now).await?
        {
            return Ok(exchanged);
        }
    }
    Err(RefreshError::Contended)
}

/// Reads the session, decides and acts. Returns `None` if a concurrent request rotated the session first: to be
/// retried.
async fn attempt(
    service: &Sessions,
    claims: &RefreshClaims,
    delivery: TokenDelivery,
    presented_proof: &PresentedProof,
    client_info: &ClientInfo,
    now: Timestamp,
) -> Result<Option<(RefreshOutcome, IssuedTokens)>, RefreshError> {
    // Read before the database: a use that is flushed in between is then found in the database.
    let pending_use = service.token_use.pending(claims.sid);
    let (found, account) = tokio::join!(service.sessions.find(claims.sid), service.accounts.find(claims.sub));
    let Some(mut session) = found?.filter(|session| session.account_id == claims.sub) else {
        return Err(RefreshError::Ended(revocations::recent_reason(service, claims.sid, claims.sub)));
    };
    let Some(account) = account? else {
        return Err(RefreshError::Ended(Some(EndReason::AccountDeleted)));
    };
    session.rotation.last_used = session.rotation.last_used.max(pending_use);
    let database_clock = &service.database_clock;
    session.rotation.rotated_at = database_clock.to_local_time(session.rotation.rotated_at, now);
    let presented = Generation(claims.generation);
    let key = presented_proof.check_key(service, session.key.as_ref());
    match decide(&session.rotation, key, presented, now, service.config.tokens.refresh_grace) {
        Decision::Refuse(reason) => Err(RefreshError::Ended(Some(reason))),
        Decision::Reissue(generation) => {
            Ok(Some((RefreshOutcome::Repeated, reissue(service, &session, generation, account, now)?)))
        }
        Decision::Rotate(next) => {
            session.rotation.idle_ends_at = now + service.idle_limit(session.remember);
            let rotation = Rotation {
                session_id: session.id,
                key: session.key.clone(),
                expected_generation: presented,
                now,
                rotated_at: database_clock.now(),
                idle_ends_at: session.rotation.idle_ends_at,
                client_info: client_info.clone(),
                delivery,
            };
            if service.rotations.write(rotation).await? {
                Ok(Some((RefreshOutcome::Rotated, reissue(service, &session, next, account, now)?)))
            } else {
                Ok(None)
            }
        }
        Decision::PredatesPasswordChange => {
            tracing::info!(session.id = %session.id, "Refresh token from before a change of password refused");
            Err(RefreshError::PredatesPasswordChange)
        }
        Decision::Replay => {
            revoke::run(service, SessionSelector::Id(session.id), EndReason::ReplayDetected).await?;
            tracing::warn!(session.id = %session.id, "Refresh token replayed; session ended");
            Err(RefreshError::Replayed)
        }
        // Browsers repeat a request on their own when a connection breaks: a new proof distinguishes them from a thief.
        Decision::AskForProof if key == KeyCheck::ProofReused => {
            Err(service.tokens.proofs.nonce_required(now).into())
        }
        Decision::AskForProof => {
            if service.proof_failures.should_log(session.id, now) {
                tracing::warn!(session.id = %session.id, "Refresh token without the proof of the session's key; refused");
            }
            Err(RefreshError::Unproven)
        }
    }
}

/// Batched lookup of sessions by id.
pub struct SessionById;

impl Lookup for SessionById {
    type Key = Uuid;
    type Found = SessionRecord;
    async fn look_up(db: &Database, ids: Vec<Uuid>) -> Result<Vec<(Uuid, SessionRecord)>, StoreError> {
        let found = store::find_sessions(db.executor(), ids).await?;
        Ok(found.into_iter().map(|session| (session.id, session)).collect())
    }
}

/// Write that rotates a session. Concurrent ones are batched; the statement still decides each race separately.
#[derive(Clone)]
pub struct Rotation {
    /// Session to rotate.
    pub(super) session_id: Uuid,
    /// Key that the session must still be bound to.
    pub(super) key: Option<Thumbprint>,
    /// Generation that the session must still be at.
    pub(super) expected_generation: Generation,
    /// Time of the rotation, by this server's clock.
    pub(super) now: Timestamp,
    /// Time of the rotation, by the database's clock.
    pub(super) rotated_at: Timestamp,
    /// New expiry of the session if it is not used any more.
    pub(super) idle_ends_at: Timestamp,
    /// Client of the request.
    pub(super) client_info: ClientInfo,
    /// Delivery of the new refresh token.
    pub(super) delivery: TokenDelivery,
}

impl BatchWrite for Rotation {
    /// True if this write rotated the session.
    type Output = bool;
    async fn execute_batch(db: &impl Executor, rotations: &[Self]) -> Result<Vec<bool>, StoreError> {
        store::mark_rotated(db, rotations).await
    }
}

/// Issues tokens of an existing session.
pub(super) fn reissue(
    service: &Sessions,
    session: &SessionRecord,
    generation: Generation,
    account: Account,
    now: Timestamp,
) -> Result<IssuedTokens, IssueError> {
    let params = IssueParams {
        session_id: session.id,
        generation,
        authenticated_at: session.authenticated_at,
        ends_at: session.ends_at(),
        remember: session.remember,
    };
    issue(service, params, account, now)
}
