//! Sign-in: starts a session for an address and a password.

use super::key_binding::bind_key;
use super::replace_key::{self, Reauthentication};
use super::revoke;
use super::rotation::Generation;
use super::session::{ClientInfo, IssueParams, IssuedTokens, NewSession};
use super::store;
use crate::accounts::{self, Credentials};
use crate::app::App;
use crate::db::{BatchWrite, Executor, StoreError};
use crate::metrics::SignInOutcome;
use crate::passwords::{PasswordHash, PoolError};
use crate::throttle::{AttemptScope, TooManyAttempts};
use crate::tokens::{AccessTokenInput, Proof, ProofError, Thumbprint};
use crate::traces;
use latchkey_shared::{Account, EmailAddress, LogIn, Secret, Timestamp, TokenDelivery};
use uuid::Uuid;

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
pub async fn run(app: &App, log_in: LogIn, context: SignInContext) -> Result<IssuedTokens, SignInError> {
    let signed_in = run_throttled(app, log_in, context).await;
    app.metrics.sign_ins.add(match &signed_in {
        Ok(_) => SignInOutcome::Accepted,
        Err(SignInError::Rejected) => SignInOutcome::Rejected,
        Err(SignInError::TooMany(_)) => SignInOutcome::TooMany,
        Err(SignInError::Pool(PoolError::Overloaded)) => SignInOutcome::Overloaded,
        Err(
            SignInError::Pool(PoolError::Failed)
            | SignInError::Proof(_)
            | SignInError::Issue(_)
            | SignInError::Store(_),
        ) => SignInOutcome::Failed,
    });
    signed_in
}

async fn run_throttled(
    app: &App,
    log_in: LogIn,
    context: SignInContext,
) -> Result<IssuedTokens, SignInError> {
    // Counted by the address that was typed, before the account is looked up.
    let scope = AttemptScope::for_account(&context.client_info.ip, &accounts::email_key(&log_in.email));
    let attempt = app.throttle.admit(scope, app.monotonic_now())?;
    let signed_in = verify_and_start(app, log_in, context).await;
    match &signed_in {
        Ok(_) => attempt.succeeded(),
        Err(SignInError::Rejected) => attempt.failed(),
        Err(_) => {}
    }
    signed_in
}

async fn verify_and_start(
    app: &App,
    log_in: LogIn,
    context: SignInContext,
) -> Result<IssuedTokens, SignInError> {
    let found = traces::in_child_span("find the account", find_credentials(app, &log_in.email)).await?;
    let (account, hash) =
        found.map_or((None, None), |found| (Some(found.account), Some(found.password_hash)));
    let known = account.as_ref().map(|account| tracing::field::display(account.id));
    let matches = app.passwords.verify(log_in.password, hash.clone()).await?;
    let (Some(account), Some(hash), true) = (account, hash, matches) else {
        tracing::info!(account.id = known, "Sign-in refused: the address or the password is wrong");
        return Err(SignInError::Rejected);
    };
    let now = app.clock.now();
    let SignInContext { client_info, proof, refresh_tokens } = context;
    let remember = log_in.remember;
    let key = bind_key(app, proof.as_ref(), remember, &client_info, now)?;
    if let Some(key) = &key {
        let reauthentication = Reauthentication {
            account: &account,
            verified_hash: &hash,
            key,
            remember,
            client_info: &client_info,
        };
        for refresh_token in &refresh_tokens {
            if let Some(tokens) = replace_key::run(app, refresh_token, &reauthentication, now).await? {
                return Ok(tokens);
            }
        }
    }
    let (new, pending_tokens) =
        prepare(app, account.id, remember, log_in.token_delivery, key, client_info, now);
    let session_id = new.id;
    // The password may have been changed during the verification: the old one must not start a session.
    if !app.session_starts.write(SessionStart { new, verified_hash: hash }).await? {
        return Err(SignInError::Rejected);
    }
    if let Err(error) = revoke::enforce_session_limit(app, account.id, Some(session_id)).await {
        tracing::warn!(%error, account.id = %account.id, "Cannot end sessions beyond sessions.per_account; left to the next sign-in");
    }
    Ok(issue_tokens(app, pending_tokens, account, now)?)
}

/// Finds the account of an address. All keys are looked up, whatever the first one yields: the duration must not
/// disclose which addresses have accounts.
async fn find_credentials(app: &App, email: &EmailAddress) -> Result<Option<Credentials>, StoreError> {
    let mut first = None;
    for key in accounts::email_keys(email) {
        let found = app.credentials.find(key).await?;
        first = first.or(found);
    }
    Ok(first)
}

/// Write that starts a session if the account's password still is the one that was verified. Concurrent writes are
/// batched.
#[derive(Clone)]
pub struct SessionStart {
    /// Session to insert.
    pub(super) new: NewSession,
    /// Hash that the password was verified against.
    pub(super) verified_hash: PasswordHash,
}

impl BatchWrite for SessionStart {
    /// True if the session was started.
    type Output = bool;
    async fn execute_batch(db: &impl Executor, starts: &[Self]) -> Result<Vec<bool>, StoreError> {
        store::insert_if_password_unchanged(db, starts).await
    }
}

/// Starts the first session of a new account, in the caller's transaction. It is always a remembered one.
pub async fn start_for_new_account(
    db: &impl Executor,
    app: &App,
    account_id: Uuid,
    delivery: TokenDelivery,
    key: Option<Thumbprint>,
    client_info: ClientInfo,
    now: Timestamp,
) -> Result<PendingTokens, StoreError> {
    let (new, pending_tokens) = prepare(app, account_id, true, delivery, key, client_info, now);
    store::insert_session(db, new).await?;
    Ok(pending_tokens)
}

/// Returns the row of a new session and the parameters of its first tokens.
fn prepare(
    app: &App,
    account_id: Uuid,
    remember: bool,
    delivery: TokenDelivery,
    key: Option<Thumbprint>,
    client_info: ClientInfo,
    now: Timestamp,
) -> (NewSession, PendingTokens) {
    let new = NewSession {
        id: app.random.id(now),
        account_id,
        remember,
        delivery,
        key,
        client_info,
        now,
        idle_ends_at: now + app.idle_limit(remember),
        absolute_ends_at: now + app.config.sessions.absolute,
    };
    let pending_tokens = PendingTokens(IssueParams {
        session_id: new.id,
        generation: Generation::FIRST,
        authenticated_at: now,
        ends_at: new.idle_ends_at.min(new.absolute_ends_at),
        remember,
    });
    (new, pending_tokens)
}

/// Issues the pending tokens. To be called after the commit of the session's transaction.
pub fn issue_tokens(
    app: &App,
    pending_tokens: PendingTokens,
    account: Account,
    now: Timestamp,
) -> Result<IssuedTokens, IssueError> {
    issue(app, pending_tokens.0, account, now)
}

/// Issues both tokens of one generation.
pub(super) fn issue(
    app: &App,
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
        access: app.access_tokens.issue(input, now, &*app.random)?,
        refresh: app.refresh_tokens.issue(account.id, session_id, generation.0, now, ends_at)?,
        account,
        ends_at,
        cookie_max_age: remember.then(|| now.until(ends_at)),
    })
}
