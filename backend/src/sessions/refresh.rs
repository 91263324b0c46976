//! Refresh: a refresh token buys the next access token, and what the account may do is read anew.

use super::binding::Shown;
use super::end::{self, Which};
use super::rotation::{Decision, Generation, KeyCheck, decide};
use super::session::{Client, Issued, Record, Tokens};
use super::sign_in::{IssueError, issue};
use super::{ended, store};
use crate::app::App;
use crate::db::{Database, Executor, Lookup, StoreError, Write};
use crate::metrics::Refreshed;
use crate::tokens::{Proof, ProofError, RefreshClaims, RefreshRejected, Thumbprint};
use latchkey_shared::{Account, EndReason, Secret, Timestamp, TokenDelivery};
use uuid::Uuid;

/// Why there are no new tokens.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// Not a refresh token of this server's.
    #[error("not a refresh token of this server")]
    Invalid,
    /// Tokens of several accounts came, and nobody can say which one was meant.
    #[error("refresh tokens of several accounts came along")]
    Ambiguous,
    /// The session is over.
    #[error("the session has ended: {0:?}")]
    Ended(Option<EndReason>),
    /// The token is from before a change of password.
    #[error("the refresh token is from before a change of password")]
    Superseded,
    /// Two parties hold the session; it has been ended.
    #[error("the refresh token was used twice")]
    Replayed,
    /// The session is bound to a key, and that was not proven.
    #[error("the session's key was not proven")]
    Unproven,
    /// The proof of the session's key has to be made once more.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// Others rotated the session again and again while this caller tried.
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
    fn outcome(&self) -> Refreshed {
        match self {
            Self::Invalid | Self::Ambiguous | Self::Superseded => Refreshed::Invalid,
            Self::Ended(_) => Refreshed::Ended,
            Self::Replayed => Refreshed::Replayed,
            Self::Unproven | Self::Proof(_) => Refreshed::Unproven,
            Self::Contended | Self::Issue(_) | Self::Store(_) => Refreshed::Failed,
        }
    }
}

/// Whoever loses the race for a rotation finds the winner's generation at the second look.
const LOOKS: usize = 4;

/// Trades a refresh token for the tokens of the current or the next generation. The next one travels as this one did.
pub async fn run(
    app: &App,
    token: &Secret,
    delivery: TokenDelivery,
    proof: Option<Proof>,
    client: &Client,
) -> Result<Tokens, RefreshError> {
    let traded = trade(app, token, delivery, proof, client).await;
    app.metrics.refreshes.add(match &traded {
        Ok((how, _)) => *how,
        Err(error) => error.outcome(),
    });
    traded.map(|(_, tokens)| tokens)
}

async fn trade(
    app: &App,
    token: &Secret,
    delivery: TokenDelivery,
    proof: Option<Proof>,
    client: &Client,
) -> Result<(Refreshed, Tokens), RefreshError> {
    let now = app.clock.now();
    let claims = match app.refresh_tokens.read(token, now) {
        Ok(claims) => claims,
        Err(RefreshRejected::Invalid) => return Err(RefreshError::Invalid),
        Err(RefreshRejected::Expired(claims)) => {
            return Err(RefreshError::Ended(app.ended.reason(claims.sid).or(Some(EndReason::Expired))));
        }
    };
    let shown = Shown::beside_genuine_token(app, proof, now);
    for _ in 0..LOOKS {
        if let Some(traded) = attempt(app, &claims, delivery, &shown, client, now).await? {
            return Ok(traded);
        }
    }
    Err(RefreshError::Contended)
}

/// Looks, decides and acts. `None`: somebody else acted in between, so look again.
async fn attempt(
    app: &App,
    claims: &RefreshClaims,
    delivery: TokenDelivery,
    shown: &Shown,
    client: &Client,
    now: Timestamp,
) -> Result<Option<(Refreshed, Tokens)>, RefreshError> {
    // Asked before the database: a note that is written down in between is then found there, if not here.
    let met = app.seen.pending(claims.sid);
    let (found, account) = tokio::join!(app.sessions.find(claims.sid), app.accounts.find(claims.sub));
    let Some(mut session) = found?.filter(|session| session.account_id == claims.sub) else {
        return Err(RefreshError::Ended(ended::remembered(app, claims.sid, claims.sub)));
    };
    let Some(account) = account? else {
        return Err(RefreshError::Ended(Some(EndReason::AccountDeleted)));
    };
    session.facts.seen = session.facts.seen.max(met);
    let (clock, shared_time) = (&*app.clock, &app.shared_time);
    session.facts.rotated_at = shared_time.by_own_clock(session.facts.rotated_at, now, clock);
    let presented = Generation(claims.generation);
    let key = shown.check(app, session.key.as_ref());
    match decide(&session.facts, key, presented, now, app.config.tokens.refresh_grace) {
        Decision::Refuse(reason) => Err(RefreshError::Ended(Some(reason))),
        Decision::Reissue(generation) => {
            Ok(Some((Refreshed::Repeated, reissue(app, &session, generation, account, now)?)))
        }
        Decision::Rotate(next) => {
            session.facts.idle_ends_at = now + app.idle_limit(session.remember);
            let rotation = Rotation {
                session_id: session.id,
                key: session.key.clone(),
                from: presented,
                now,
                rotated_at: shared_time.now(clock),
                idle_ends_at: session.facts.idle_ends_at,
                client: client.clone(),
                delivery,
            };
            if app.rotations.write(rotation).await? {
                Ok(Some((Refreshed::Rotated, reissue(app, &session, next, account, now)?)))
            } else {
                Ok(None)
            }
        }
        Decision::Superseded => {
            tracing::info!(session.id = %session.id, "Refresh token from before a change of password refused");
            Err(RefreshError::Superseded)
        }
        Decision::Replay => {
            end::run(app, Which::One(session.id), EndReason::ReplayDetected).await?;
            tracing::warn!(session.id = %session.id, "Refresh token replayed; session ended");
            Err(RefreshError::Replayed)
        }
        // Browsers send a call again by themselves when a connection breaks: another proof tells them from thieves.
        Decision::AskForProof if key == KeyCheck::Repeated => Err(app.proofs.undated(now).into()),
        Decision::AskForProof => {
            if app.unproven.is_news(session.id, now) {
                tracing::warn!(session.id = %session.id, "Refresh token without the proof of the session's key; refused");
            }
            Err(RefreshError::Unproven)
        }
    }
}

/// Finds sessions by their ids; many at once.
pub struct ById;

impl Lookup for ById {
    type Key = Uuid;
    type Found = Record;
    async fn look_up(db: &Database, ids: Vec<Uuid>) -> Result<Vec<(Uuid, Record)>, StoreError> {
        let found = store::find_sessions(db.executor(), ids).await?;
        Ok(found.into_iter().map(|session| (session.id, session)).collect())
    }
}

/// Refreshes that arrive together are written together; the statement still decides each race for itself.
#[derive(Clone)]
pub struct Rotation {
    /// Which session.
    pub(super) session_id: Uuid,
    /// The key that it must still be bound to.
    pub(super) key: Option<Thumbprint>,
    /// The generation that it must still be at.
    pub(super) from: Generation,
    /// When it rotates.
    pub(super) now: Timestamp,
    /// The same by the clock that the servers share.
    pub(super) rotated_at: Timestamp,
    /// When it ends if it is not used any more.
    pub(super) idle_ends_at: Timestamp,
    /// Who asked.
    pub(super) client: Client,
    /// How the refresh token travels.
    pub(super) delivery: TokenDelivery,
}

impl Write for Rotation {
    /// Whether this was the one that rotated.
    type Answer = bool;
    async fn carry_out(db: &impl Executor, rotations: &[Self]) -> Result<Vec<bool>, StoreError> {
        store::mark_rotated(db, rotations).await
    }
}

/// Issues tokens of a session that goes on.
pub(super) fn reissue(
    app: &App,
    session: &Record,
    generation: Generation,
    account: Account,
    now: Timestamp,
) -> Result<Tokens, IssueError> {
    let issued = Issued {
        session_id: session.id,
        generation,
        authenticated_at: session.created_at,
        ends_at: session.ends_at(),
        remember: session.remember,
    };
    issue(app, issued, account, now)
}
