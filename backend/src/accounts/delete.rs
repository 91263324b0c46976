//! Deletion: the account and all that is its own are gone.

use super::account::AccountError;
use super::{change_password, store};
use crate::app::App;
use crate::sessions;
use latchkey_shared::{Claims, EndReason, Secret};

/// Deletes the account if this is its password.
pub async fn run(app: &App, claims: &Claims, password: Secret) -> Result<(), AccountError> {
    let found = change_password::confirm(app, claims, password).await?;
    let now = app.clock.now();
    let transaction = app.db.begin().await?;
    if !store::mark_leaving(transaction.executor(), claims.sub, &found.password_hash, now).await? {
        return Err(AccountError::WrongPassword);
    }
    let ended = sessions::because_account_deleted(&transaction, claims.sub, now).await?;
    store::delete_account(transaction.executor(), claims.sub).await?;
    transaction.commit().await?;
    app.ended.add(&ended, EndReason::AccountDeleted);
    Ok(())
}
