//! Deletion: the account and all that is its own are gone.

use super::account::AccountError;
use super::{change_password, store};
use crate::app::App;
use crate::db::{StoreError, Transaction};
use crate::sessions::{self, Guarded};
use latchkey_shared::{Claims, Secret};
use uuid::Uuid;

/// Deletes the account if this is its password.
pub async fn run(app: &App, claims: &Claims, password: Secret) -> Result<(), AccountError> {
    let found = change_password::confirm(app, claims, password).await?;
    let now = app.clock.now();
    let Guarded { transaction, .. } = Guarded::begin(app, claims, now).await?;
    if !store::mark_leaving(transaction.executor(), claims.sub, &found.password_hash, now).await? {
        return Err(AccountError::WrongPassword);
    }
    let ended = sessions::because_account_deleted(&transaction, claims.sub, now).await?;
    match ended.is_unfinished() {
        // To delete the rows of a crowd of sessions takes longer than one statement may.
        true => store::mark_deleted(transaction.executor(), claims.sub, now).await?,
        false => store::delete_account(transaction.executor(), claims.sub).await?,
    }
    transaction.commit().await?;
    ended.tell(app);
    Ok(())
}

/// Deletes the row of an account of which nothing else is left, in the caller's transaction.
pub async fn erase(transaction: &Transaction, account_id: Uuid) -> Result<(), StoreError> {
    store::delete_deleted(transaction.executor(), account_id).await
}
