//! Authentication with a password.

use super::authenticated::{Authenticated, CredentialVersion, Method};
use super::store;
use crate::accounts;
use crate::authentication::Authentication;
use crate::authentication::hashing::{HashError, PasswordHash, PoolError, Verification};
use crate::authentication::throttle::{AttemptScope, TooManyAttempts};
use crate::db::{Database, Executor, Lookup, StoreError};
use crate::platform::Randomness;
use crate::traces;
use latchkey_shared::{Account, Claims, EmailAddress, Secret, Timestamp};
use uuid::Uuid;

/// Reason for not authenticating somebody.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticationError {
    /// The address or the password is wrong.
    #[error("the credentials were rejected")]
    Rejected,
    /// The account does not exist any more.
    #[error("the account is gone")]
    Gone,
    /// Too many wrong passwords from there.
    #[error(transparent)]
    TooMany(#[from] TooManyAttempts),
    /// The hashing threads are busy, or have failed.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// The stored hash cannot be verified.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An account's password, as it is stored.
#[derive(Debug, Clone)]
pub struct PasswordCredential {
    /// The account.
    pub account: Account,
    /// Hash of the password.
    pub hash: PasswordHash,
    /// Time at which the password was last set.
    pub changed_at: Timestamp,
    /// Version of the account's credentials that this was read at.
    pub version: CredentialVersion,
}

/// Batched lookup of passwords by address, in the form of [`accounts::email_key`].
pub struct PasswordByEmail;

impl Lookup for PasswordByEmail {
    type Key = String;
    type Found = PasswordCredential;
    async fn look_up(
        db: &Database,
        keys: Vec<String>,
    ) -> Result<Vec<(String, PasswordCredential)>, StoreError> {
        store::list_passwords(db.executor(), keys).await
    }
}

/// Authenticates with an address and a password. Throttled by account and by network, counted by what was typed, before
/// it is known whether there is such an account.
pub async fn log_in(
    service: &Authentication,
    email: &EmailAddress,
    password: Secret,
    ip: &str,
) -> Result<Authenticated, AuthenticationError> {
    let scope = AttemptScope::for_account(ip, &accounts::email_key(email));
    let attempt = service.throttle.admit(scope, service.monotonic_now())?;
    let found = traces::in_child_span("find the account", find_by_email(service, email)).await?;
    let account_id = found.as_ref().map(|found| found.account.id);
    let verified = verify(service, found, password).await;
    match &verified {
        Ok(_) => attempt.succeeded(),
        Err(AuthenticationError::Rejected) => {
            let account_id = account_id.map(tracing::field::display);
            tracing::info!(account.id = account_id, "Sign-in refused: the address or the password is wrong");
            attempt.failed();
        }
        Err(_) => {}
    }
    verified
}

/// Authenticates the owner of a session again with the password. Throttled: a stolen access token must not allow
/// guessing for long either.
pub async fn verify_again(
    service: &Authentication,
    claims: &Claims,
    password: Secret,
) -> Result<Authenticated, AuthenticationError> {
    let attempt = service.throttle.admit(AttemptScope::for_session(claims.sid), service.monotonic_now())?;
    let found = store::find_password(service.db.executor(), claims.sub).await?;
    let found = found.ok_or(AuthenticationError::Gone)?;
    let verified = verify(service, Some(found), password).await;
    match &verified {
        Ok(_) => attempt.succeeded(),
        Err(AuthenticationError::Rejected) => attempt.failed(),
        Err(_) => {}
    }
    verified
}

/// Finds the password of an address. All keys are looked up, even after a match: the time must not reveal which
/// addresses have accounts.
async fn find_by_email(
    service: &Authentication,
    email: &EmailAddress,
) -> Result<Option<PasswordCredential>, StoreError> {
    let mut first = None;
    for key in accounts::email_keys(email) {
        let found = service.passwords_by_email.find(key).await?;
        first = first.or(found);
    }
    Ok(first)
}

async fn verify(
    service: &Authentication,
    found: Option<PasswordCredential>,
    password: Secret,
) -> Result<Authenticated, AuthenticationError> {
    let hash = found.as_ref().map(|found| found.hash.clone());
    let verification = service.passwords.verify(password.clone(), hash).await?;
    let verification = verification.inspect_err(|error| {
        let account_id = found.as_ref().map(|found| tracing::field::display(found.account.id));
        tracing::error!(%error, account.id = account_id, "Cannot verify a password");
    })?;
    match (found, verification) {
        (Some(PasswordCredential { account, hash, version, .. }), Verification::Match { is_current }) => {
            if !is_current {
                tokio::spawn(rehash(service.clone(), account.id, password, hash));
            }
            Ok(Authenticated::new(account, Method::Password, service.clock.now(), version))
        }
        _ => Err(AuthenticationError::Rejected),
    }
}

/// Replaces a hash that was made with other parameters than those of the settings. Nobody waits for it: if it fails,
/// the next sign-in tries again.
async fn rehash(service: Authentication, account_id: Uuid, password: Secret, old: PasswordHash) {
    let new = match service.passwords.rehash(password, &*service.random).await {
        Ok(new) => new,
        Err(error) => {
            tracing::debug!(%error, account.id = %account_id, "A password was not hashed anew; left to the next sign-in");
            return;
        }
    };
    let replaced = async {
        let transaction = service.db.begin().await?;
        store::mark_rehashed(transaction.executor(), account_id, &old, &new).await?;
        transaction.commit().await
    };
    match replaced.await {
        Ok(()) => {
            tracing::info!(account.id = %account_id, "A password was hashed anew, with the parameters of the settings");
        }
        Err(error) => {
            tracing::warn!(%error, account.id = %account_id, "Cannot store a new hash; left to the next sign-in");
        }
    }
}

/// Adds the password of a new account, in the caller's transaction. Whoever has just chosen it is authenticated by it.
pub async fn enroll_password(
    db: &impl Executor,
    account: Account,
    hash: &PasswordHash,
    now: Timestamp,
    random: &dyn Randomness,
) -> Result<Authenticated, StoreError> {
    store::insert_password(db, random.id(now), account.id, hash, now).await?;
    Ok(Authenticated::new(account, Method::Password, now, CredentialVersion::FIRST))
}

/// Sets a new password in the caller's transaction, if the credentials have not changed since the authentication.
/// Returns the authentication at the new version; `None` if they have changed.
pub async fn change_password(
    db: &impl Executor,
    authenticated: Authenticated,
    hash: &PasswordHash,
    now: Timestamp,
) -> Result<Option<Authenticated>, StoreError> {
    let (account_id, version) = (authenticated.account().id, authenticated.version());
    if !store::mark_version(db, account_id, Some(version), now).await? {
        return Ok(None);
    }
    store::mark_password(db, account_id, hash, now).await?;
    let next = CredentialVersion(version.0 + 1);
    Ok(Some(Authenticated::new(authenticated.into_account(), Method::Password, now, next)))
}

/// Sets a new password in the caller's transaction, whatever the old one is. Returns false if there is no such account.
pub async fn reset_password(
    db: &impl Executor,
    account_id: Uuid,
    hash: &PasswordHash,
    now: Timestamp,
) -> Result<bool, StoreError> {
    // Unconditional: the operator's reset overrides a concurrent change.
    if !store::mark_version(db, account_id, None, now).await? {
        return Ok(false);
    }
    store::mark_password(db, account_id, hash, now).await?;
    Ok(true)
}

/// Locks the credentials until the caller's transaction completes, if they have not changed since the authentication:
/// meanwhile nobody can sign in, and afterwards no authentication from before holds. Returns whether they are locked.
pub async fn lock_credentials(
    db: &impl Executor,
    authenticated: &Authenticated,
    now: Timestamp,
) -> Result<bool, StoreError> {
    store::mark_version(db, authenticated.account().id, Some(authenticated.version()), now).await
}

/// Returns the password of an account; `None` if there is no such account or it has none.
pub async fn find_password(
    db: &impl Executor,
    account_id: Uuid,
) -> Result<Option<PasswordCredential>, StoreError> {
    store::find_password(db, account_id).await
}
