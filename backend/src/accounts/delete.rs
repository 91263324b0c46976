//! Account deletion: removes the account and all its data.

use super::account::AccountError;
use super::{change_password, store};
use crate::app::App;
use crate::db::{StoreError, Transaction};
use crate::sessions::{self, LockedSession};
use latchkey_shared::{Claims, Secret};
use uuid::Uuid;

/// Deletes the account if this is its password.
pub async fn run(app: &App, claims: &Claims, password: Secret) -> Result<(), AccountError> {
    let found = change_password::verify_password(app, claims, password).await?;
    let now = app.clock.now();
    let LockedSession { transaction, .. } = LockedSession::begin(app, claims, now).await?;
    if !store::lock_for_deletion(transaction.executor(), claims.sub, &found.password_hash, now).await? {
        return Err(AccountError::WrongPassword);
    }
    let revocation = sessions::revoke_on_account_deletion(&transaction, claims.sub, now).await?;
    match revocation.is_deferred() {
        // Deleting the rows of very many sessions takes longer than one statement may.
        true => store::mark_deleted(transaction.executor(), claims.sub, now).await?,
        false => store::delete_account(transaction.executor(), claims.sub).await?,
    }
    transaction.commit().await?;
    revocation.apply(app);
    Ok(())
}

/// Deletes the row of a deleted account that has no other data left, in the caller's transaction.
pub async fn erase(transaction: &Transaction, account_id: Uuid) -> Result<(), StoreError> {
    store::delete_tombstone(transaction.executor(), account_id).await
}
