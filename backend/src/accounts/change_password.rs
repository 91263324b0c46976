//! A new password: every other session ends with the old one.

use super::account::{AccountError, Credentials, personal};
use super::store::{self, By};
use crate::app::App;
use crate::sessions::{self, Guarded, Tokens};
use crate::throttle::Guess;
use latchkey_shared::{ChangePassword, Claims, Secret, TokenDelivery};

/// Sets the new password if the current one is right. The session that asks goes on with new tokens.
pub async fn run(
    app: &App,
    claims: &Claims,
    change: ChangePassword,
) -> Result<(Tokens, TokenDelivery), AccountError> {
    let found = confirm(app, claims, change.current_password).await?;
    let known = personal(&found.account.email, &found.account.display_name);
    let hash = app.passwords.hash_new(change.new_password, known, &*app.random).await?;
    let now = app.clock.now();
    let guarded = Guarded::begin(app, claims, now).await?;
    let (db, old) = (guarded.transaction.executor(), &found.password_hash);
    if !store::mark_password(db, claims.sub, old, &hash, now).await? {
        return Err(AccountError::WrongPassword);
    }
    let renewed = sessions::supersede(app, &guarded, claims, now).await?;
    let ended = sessions::because_password_changed(&guarded.transaction, claims, now).await?;
    let delivery = change.token_delivery.unwrap_or(guarded.session.delivery);
    guarded.transaction.commit().await?;
    ended.tell(app);
    Ok((sessions::issue_first(app, renewed, found.account, now)?, delivery))
}

/// The account, if this is its password. Whoever has stolen an access token cannot guess for long either.
pub(super) async fn confirm(
    app: &App,
    claims: &Claims,
    password: Secret,
) -> Result<Credentials, AccountError> {
    // The session may have ended before the password came: then nobody learns whether it is the right one.
    sessions::must_live(app, claims, app.clock.now()).await?;
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
        store::find_account(app.db.executor(), By::Id(claims.sub)).await?.ok_or(AccountError::GONE)?;
    if app.passwords.verify(password, Some(found.password_hash.clone())).await? {
        Ok(found)
    } else {
        Err(AccountError::WrongPassword)
    }
}
