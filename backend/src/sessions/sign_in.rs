//! Sign-in: starts a session for an address and a password.

use super::key_binding::bind_key;
use super::replace_key::{self, Reauthentication};
use super::revoke;
use super::rotation::Generation;
use super::session::{ClientInfo, IssueParams, IssuedTokens, NewSession};
use super::store;
use crate::authentication::hashing::{HashError, PoolError};
use crate::authentication::throttle::TooManyAttempts;
use crate::authentication::{self, Authenticated, AuthenticationError, CredentialVersion};
use crate::db::{BatchWrite, Executor, StoreError};
use crate::metrics::SignInOutcome;
use crate::sessions::Sessions;
use crate::tokens::{AccessTokenInput, Proof, ProofError, Thumbprint};
use latchkey_shared::{Account, LogIn, Secret, Timestamp, TokenDelivery};

/// Error of a sign-in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The address or the password is wrong.
    #[error("the credentials were rejected")]
    Rejected,
    /// Too many failed attempts from this client.
    #[error(transparent)]
    TooMany(#[from] TooManyAttempts),
    /// The hashing pool is overloaded or has failed.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// The stored hash cannot be verified.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The client must send a new proof of its key.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// No token could be signed.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<AuthenticationError> for SignInError {
    fn from(error: AuthenticationError) -> Self {
        match error {
            AuthenticationError::Rejected | AuthenticationError::Gone => Self::Rejected,
            AuthenticationError::TooMany(error) => Self::TooMany(error),
            AuthenticationError::Pool(error) => Self::Pool(error),
            AuthenticationError::Hash(error) => Self::Hash(error),
            AuthenticationError::Store(error) => Self::Store(error),
        }
    }
}

/// A token could not be signed.
#[derive(Debug, thiserror::Error)]
#[error("cannot sign a token: {0}")]
pub struct IssueError(#[from] jsonwebtoken::errors::Error);

/// Context of a sign-in request, besides the credentials.
pub struct SignInContext {
    /// Client of the request.
    pub client_info: ClientInfo,
    /// Proof of a key that the session is to be bound to.
    pub proof: Option<Proof>,
    /// Refresh tokens of sessions that this browser already has.
    pub refresh_tokens: Vec<Secret>,
}

/// A session that has started and for which tokens have yet to be issued.
#[derive(Debug, Clone, Copy)]
pub struct PendingTokens(pub(super) IssueParams);

/// Checks the credentials, throttled against guessing, and starts a session.
pub async fn run(
    service: &Sessions,
    log_in: LogIn,
    context: SignInContext,
) -> Result<IssuedTokens, SignInError> {
    let signed_in = authenticate_and_start(service, log_in, context).await;
    service.metrics.sign_ins.add(match &signed_in {
        Ok(_) => SignInOutcome::Accepted,
        Err(SignInError::Rejected) => SignInOutcome::Rejected,
        Err(SignInError::TooMany(_)) => SignInOutcome::TooMany,
        Err(SignInError::Pool(PoolError::Overloaded)) => SignInOutcome::Overloaded,
        Err(
            SignInError::Pool(PoolError::Failed)
            | SignInError::Hash(_)
            | SignInError::Proof(_)
            | SignInError::Issue(_)
            | SignInError::Store(_),
        ) => SignInOutcome::Failed,
    });
    signed_in
}

async fn authenticate_and_start(
    service: &Sessions,
    log_in: LogIn,
    context: SignInContext,
) -> Result<IssuedTokens, SignInError> {
    let LogIn { email, password, remember, token_delivery } = log_in;
    let ip = &context.client_info.ip;
    let authenticated = authentication::log_in(&service.authentication, &email, password, ip).await?;
    start(service, authenticated, remember, token_delivery, context).await
}

/// Starts a session for whoever has authenticated, or continues the one whose key this browser has lost.
async fn start(
    service: &Sessions,
    authenticated: Authenticated,
    remember: bool,
    delivery: TokenDelivery,
    context: SignInContext,
) -> Result<IssuedTokens, SignInError> {
    let SignInContext { client_info, proof, refresh_tokens } = context;
    let now = service.clock.now();
    let key = bind_key(service, proof.as_ref(), remember, &client_info, now)?;
    if let Some(key) = &key {
        let reauthentication =
            Reauthentication { authenticated: &authenticated, key, remember, client_info: &client_info };
        for refresh_token in &refresh_tokens {
            if let Some(tokens) = replace_key::run(service, refresh_token, &reauthentication, now).await? {
                return Ok(tokens);
            }
        }
    }
    let (new, pending_tokens) = prepare(service, &authenticated, remember, delivery, key, client_info, now);
    let (session_id, account_id) = (new.id, new.account_id);
    // The credentials may have changed since they were verified: the old ones must not start a session.
    if !service.session_starts.write(SessionStart { new, version: authenticated.version() }).await? {
        return Err(SignInError::Rejected);
    }
    if let Err(error) = revoke::enforce_session_limit(service, account_id, Some(session_id)).await {
        tracing::warn!(%error, account.id = %account_id, "Cannot end sessions beyond sessions.per_account; left to the next sign-in");
    }
    Ok(issue_tokens(service, pending_tokens, authenticated.into_account(), now)?)
}

/// Write that starts a session if the account's credentials still are at the version that was verified. Concurrent
/// writes are batched.
#[derive(Clone)]
pub struct SessionStart {
    /// Session to insert.
    pub(super) new: NewSession,
    /// Version that the account's credentials must still be at.
    pub(super) version: CredentialVersion,
}

impl BatchWrite for SessionStart {
    /// True if the session was started.
    type Output = bool;
    async fn execute_batch(db: &impl Executor, starts: &[Self]) -> Result<Vec<bool>, StoreError> {
        store::insert_if_version_unchanged(db, starts).await
    }
}

/// Starts the first session of a new account, in the caller's transaction. It is always a remembered one.
pub async fn start_for_new_account(
    db: &impl Executor,
    service: &Sessions,
    authenticated: &Authenticated,
    delivery: TokenDelivery,
    key: Option<Thumbprint>,
    client_info: ClientInfo,
    now: Timestamp,
) -> Result<PendingTokens, StoreError> {
    let (new, pending_tokens) = prepare(service, authenticated, true, delivery, key, client_info, now);
    store::insert_session(db, new).await?;
    Ok(pending_tokens)
}

/// Returns the row of a new session and the parameters of its first tokens.
fn prepare(
    service: &Sessions,
    authenticated: &Authenticated,
    remember: bool,
    delivery: TokenDelivery,
    key: Option<Thumbprint>,
    client_info: ClientInfo,
    now: Timestamp,
) -> (NewSession, PendingTokens) {
    let new = NewSession {
        id: service.random.id(now),
        account_id: authenticated.account().id,
        authenticated_at: authenticated.at(),
        methods: authenticated.methods().clone(),
        remember,
        delivery,
        key,
        client_info,
        now,
        idle_ends_at: now + service.idle_limit(remember),
        absolute_ends_at: now + service.config.sessions.absolute,
    };
    let pending_tokens = PendingTokens(IssueParams {
        session_id: new.id,
        generation: Generation::FIRST,
        authenticated_at: new.authenticated_at,
        ends_at: new.idle_ends_at.min(new.absolute_ends_at),
        remember,
    });
    (new, pending_tokens)
}

/// Issues the pending tokens. To be called after the commit of the session's transaction.
pub fn issue_tokens(
    service: &Sessions,
    pending_tokens: PendingTokens,
    account: Account,
    now: Timestamp,
) -> Result<IssuedTokens, IssueError> {
    issue(service, pending_tokens.0, account, now)
}

/// Issues both tokens of one generation.
pub(super) fn issue(
    service: &Sessions,
    params: IssueParams,
    account: Account,
    now: Timestamp,
) -> Result<IssuedTokens, IssueError> {
    let IssueParams { session_id, generation, authenticated_at, ends_at, remember } = params;
    let input = AccessTokenInput {
        account_id: account.id,
        session_id,
        generation: generation.0,
        roles: account.roles.clone(),
        authenticated_at,
    };
    Ok(IssuedTokens {
        access: service.tokens.access_tokens.issue(input, now, &*service.random)?,
        refresh: service.tokens.refresh_tokens.issue(account.id, session_id, generation.0, now, ends_at)?,
        account,
        ends_at,
        cookie_max_age: remember.then(|| now.until(ends_at)),
    })
}
