//! A new password: every other session ends with the old one.

use super::account::{AccountError, Credentials, personal};
use super::store::{self, By};
use crate::app::App;
use crate::sessions;
use crate::throttle::Guess;
use latchkey_shared::{ChangePassword, Claims, EndReason, Secret};

/// Sets the new password if the current one is right.
pub async fn run(app: &App, claims: &Claims, change: ChangePassword) -> Result<(), AccountError> {
    let found = confirm(app, claims, change.current_password).await?;
    let known = personal(&found.account.email, &found.account.display_name);
    let hash = app.passwords.hash_new(change.new_password, known, &*app.random).await?;
    let now = app.clock.now();
    let transaction = app.db.begin().await?;
    let old = &found.password_hash;
    if !store::mark_password(transaction.executor(), claims.sub, old, &hash, now).await? {
        return Err(AccountError::WrongPassword);
    }
    let ended = sessions::because_password_changed(&transaction, claims, now).await?;
    transaction.commit().await?;
    app.ended.add(&ended, EndReason::PasswordChanged);
    Ok(())
}

/// The account, if this is its password. Whoever has stolen an access token cannot guess for long either.
pub(super) async fn confirm(
    app: &App,
    claims: &Claims,
    password: Secret,
) -> Result<Credentials, AccountError> {
    let attempt = app.throttle.admit(Guess::in_session(claims.sid), app.steady_now())?;
    let confirmed = check(app, claims, password).await;
    match &confirmed {
        Ok(_) => attempt.was_right(),
        Err(AccountError::WrongPassword) => attempt.was_wrong(),
        Err(_) => {}
    }
    confirmed
}

async fn check(app: &App, claims: &Claims, password: Secret) -> Result<Credentials, AccountError> {
    let found =
        store::find_account(app.db.executor(), By::Id(claims.sub)).await?.ok_or(AccountError::Gone)?;
    if app.passwords.verify(password, Some(found.password_hash.clone())).await? {
        Ok(found)
    } else {
        Err(AccountError::WrongPassword)
    }
}
