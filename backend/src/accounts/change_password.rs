//! Password change: it ends every other session.

use super::account::{AccountError, Credentials, user_inputs};
use super::store::{self, AccountSelector};
use crate::app::App;
use crate::sessions::{self, IssuedTokens, LockedSession};
use crate::throttle::AttemptScope;
use latchkey_shared::{ChangePassword, Claims, Secret, TokenDelivery};

/// Sets the new password if the current one is right. The requesting session continues with new tokens.
pub async fn run(
    app: &App,
    claims: &Claims,
    change: ChangePassword,
) -> Result<(IssuedTokens, TokenDelivery), AccountError> {
    let found = verify_password(app, claims, change.current_password).await?;
    let inputs = user_inputs(&found.account.email, &found.account.display_name);
    let hash = app.passwords.hash_new(change.new_password, inputs, &*app.random).await?;
    let now = app.clock.now();
    let locked = LockedSession::begin(app, claims, now).await?;
    let (db, old) = (locked.transaction.executor(), &found.password_hash);
    if !store::mark_password(db, claims.sub, old, &hash, now).await? {
        return Err(AccountError::WrongPassword);
    }
    let renewed = sessions::force_rotation(app, &locked, claims, now).await?;
    let revocation = sessions::revoke_on_password_change(&locked.transaction, claims, now).await?;
    let delivery = change.token_delivery.unwrap_or(locked.session.delivery);
    locked.transaction.commit().await?;
    revocation.apply(app);
    Ok((sessions::issue_tokens(app, renewed, found.account, now)?, delivery))
}

/// Returns the account if this is its password. Throttled: a stolen access token must not allow guessing for long
/// either.
pub(super) async fn verify_password(
    app: &App,
    claims: &Claims,
    password: Secret,
) -> Result<Credentials, AccountError> {
    // The session may have ended before the password arrived: then the response must not disclose whether it is right.
    sessions::require_active(app, claims, app.clock.now()).await?;
    let attempt = app.throttle.admit(AttemptScope::for_session(claims.sid), app.monotonic_now())?;
    let verified = check_password(app, claims, password).await;
    match &verified {
        Ok(_) => attempt.succeeded(),
        Err(AccountError::WrongPassword) => attempt.failed(),
        Err(_) => {}
    }
    verified
}

async fn check_password(app: &App, claims: &Claims, password: Secret) -> Result<Credentials, AccountError> {
    let found = store::find_account(app.db.executor(), AccountSelector::Id(claims.sub))
        .await?
        .ok_or(AccountError::GONE)?;
    if app.passwords.verify(password, Some(found.password_hash.clone())).await? {
        Ok(found)
    } else {
        Err(AccountError::WrongPassword)
    }
}
