//! Sign-in: an address and a password become a session.

use super::binding::bind;
use super::end;
use super::replace_key::{self, ProvenAgain};
use super::rotation::Generation;
use super::session::{Client, Issued, NewSession, Tokens};
use super::store;
use crate::accounts::{self, Credentials};
use crate::app::App;
use crate::db::{Executor, StoreError, Write};
use crate::metrics::SignedIn;
use crate::passwords::{PasswordHash, PoolError};
use crate::throttle::{Guess, TooMany};
use crate::tokens::{Grant, Proof, ProofError, Thumbprint};
use crate::traces;
use latchkey_shared::{Account, EmailAddress, LogIn, Secret, Timestamp, TokenDelivery};
use uuid::Uuid;

/// Why nobody is signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The address or the password is wrong.
    #[error("the credentials were rejected")]
    Rejected,
    /// There were too many wrong tries from there.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// The hashing threads are busy, or have failed.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// The proof of the client's key has to be made once more.
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

/// What comes with the credentials.
pub struct Brought {
    /// Who asks.
    pub client: Client,
    /// The proof of a key that the session is to be bound to.
    pub proof: Option<Proof>,
    /// The refresh tokens of sessions that this browser holds.
    pub held: Vec<Secret>,
}

/// A session that has begun and has no tokens yet.
#[derive(Debug, Clone, Copy)]
pub struct Started(pub(super) Issued);

/// Lets nobody guess for long, checks the credentials and begins a session.
pub async fn run(app: &App, log_in: LogIn, brought: Brought) -> Result<Tokens, SignInError> {
    let signed_in = admitted(app, log_in, brought).await;
    app.metrics.sign_ins.add(match &signed_in {
        Ok(_) => SignedIn::Accepted,
        Err(SignInError::Rejected) => SignedIn::Rejected,
        Err(SignInError::TooMany(_)) => SignedIn::TooMany,
        Err(SignInError::Pool(PoolError::Overloaded)) => SignedIn::Overloaded,
        Err(
            SignInError::Pool(PoolError::Failed)
            | SignInError::Proof(_)
            | SignInError::Issue(_)
            | SignInError::Store(_),
        ) => SignedIn::Failed,
    });
    signed_in
}

async fn admitted(app: &App, log_in: LogIn, brought: Brought) -> Result<Tokens, SignInError> {
    // Counted by what was typed, before anybody looks whether there is such an account.
    let guess = Guess::of_account(&brought.client.ip, &accounts::email_key(&log_in.email));
    let attempt = app.throttle.admit(guess, app.steady_now())?;
    let signed_in = check(app, log_in, brought).await;
    match &signed_in {
        Ok(_) => attempt.was_right(),
        Err(SignInError::Rejected) => attempt.was_wrong(),
        Err(_) => {}
    }
    signed_in
}

async fn check(app: &App, log_in: LogIn, brought: Brought) -> Result<Tokens, SignInError> {
    let found = traces::during("find the account", find(app, &log_in.email)).await?;
    let (account, hash) =
        found.map_or((None, None), |found| (Some(found.account), Some(found.password_hash)));
    let known = account.as_ref().map(|account| tracing::field::display(account.id));
    let matches = app.passwords.verify(log_in.password, hash.clone()).await?;
    let (Some(account), Some(hash), true) = (account, hash, matches) else {
        tracing::info!(account.id = known, "Sign-in refused: the address or the password is wrong");
        return Err(SignInError::Rejected);
    };
    let now = app.clock.now();
    let Brought { client, proof, held } = brought;
    let remember = log_in.remember;
    let key = bind(app, proof.as_ref(), remember, &client, now)?;
    if let Some(key) = &key {
        let proven = ProvenAgain { account: &account, checked: &hash, key, remember, client: &client };
        for held in &held {
            if let Some(tokens) = replace_key::run(app, held, &proven, now).await? {
                return Ok(tokens);
            }
        }
    }
    let (new, started) = prepare(app, account.id, remember, log_in.token_delivery, key, client, now);
    let session_id = new.id;
    // The password may have been changed while it was being checked: whoever knew the old one stays out.
    if !app.sign_ins.write(SignIn { new, checked: hash }).await? {
        return Err(SignInError::Rejected);
    }
    if let Err(error) = end::beyond_most(app, account.id, Some(session_id)).await {
        tracing::warn!(%error, account.id = %account.id, "Cannot end sessions beyond sessions.per_account; left to the next sign-in");
    }
    Ok(issue_first(app, started, account, now)?)
}

/// Finds whose address it is. All keys are looked up whatever comes of the first: the time that it takes must not tell which
/// addresses have accounts.
async fn find(app: &App, email: &EmailAddress) -> Result<Option<Credentials>, StoreError> {
    let mut first = None;
    for key in accounts::email_keys(email) {
        let found = app.credentials.find(key).await?;
        first = first.or(found);
    }
    Ok(first)
}

/// A session that begins if the account's password still is the one that was checked. Those that arrive together are
/// written together.
#[derive(Clone)]
pub struct SignIn {
    /// The session.
    pub(super) new: NewSession,
    /// What the password was checked against.
    pub(super) checked: PasswordHash,
}

impl Write for SignIn {
    /// Whether it began.
    type Answer = bool;
    async fn carry_out(db: &impl Executor, sign_ins: &[Self]) -> Result<Vec<bool>, StoreError> {
        store::insert_guarded(db, sign_ins).await
    }
}

/// Begins the first session of a new account, in the caller's transaction. Whoever signs up is remembered.
pub async fn start(
    db: &impl Executor,
    app: &App,
    account_id: Uuid,
    delivery: TokenDelivery,
    key: Option<Thumbprint>,
    client: Client,
    now: Timestamp,
) -> Result<Started, StoreError> {
    let (new, started) = prepare(app, account_id, true, delivery, key, client, now);
    store::insert_session(db, new).await?;
    Ok(started)
}

/// A session that has yet to be written.
fn prepare(
    app: &App,
    account_id: Uuid,
    remember: bool,
    delivery: TokenDelivery,
    key: Option<Thumbprint>,
    client: Client,
    now: Timestamp,
) -> (NewSession, Started) {
    let new = NewSession {
        id: app.random.id(now),
        account_id,
        remember,
        delivery,
        key,
        client,
        now,
        idle_ends_at: now + app.idle_limit(remember),
        absolute_ends_at: now + app.config.sessions.absolute,
    };
    let started = Started(Issued {
        session_id: new.id,
        generation: Generation::FIRST,
        authenticated_at: now,
        ends_at: new.idle_ends_at.min(new.absolute_ends_at),
        remember,
    });
    (new, started)
}

/// Issues the first tokens of a session that has begun or goes on, once its transaction has been committed.
pub fn issue_first(
    app: &App,
    started: Started,
    account: Account,
    now: Timestamp,
) -> Result<Tokens, IssueError> {
    issue(app, started.0, account, now)
}

/// Issues both tokens of one generation.
pub(super) fn issue(
    app: &App,
    issued: Issued,
    account: Account,
    now: Timestamp,
) -> Result<Tokens, IssueError> {
    let Issued { session_id, generation, authenticated_at, ends_at, remember } = issued;
    let grant = Grant {
        account_id: account.id,
        session_id,
        generation: generation.0,
        roles: account.roles.clone(),
        authenticated_at,
    };
    Ok(Tokens {
        access: app.access_tokens.issue(grant, now, &*app.random)?,
        refresh: app.refresh_tokens.issue(account.id, session_id, generation.0, now, ends_at)?,
        account,
        ends_at,
        kept_for: remember.then(|| now.until(ends_at)),
    })
}
