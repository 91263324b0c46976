//! What the other domains ask of accounts.

use super::account::{Credentials, email_key};
use super::store::{self, By};
use crate::db::{Database, Executor, Lookup, StoreError};
use crate::passwords::PasswordHash;
use latchkey_shared::{Account, EmailAddress, Timestamp};
use uuid::Uuid;

/// Finds accounts by their ids; many at once.
pub struct ById;

impl Lookup for ById {
    type Key = Uuid;
    type Found = Account;
    async fn look_up(db: &Database, ids: Vec<Uuid>) -> Result<Vec<(Uuid, Account)>, StoreError> {
        let found = store::list_accounts(db.executor(), ids).await?;
        Ok(found.into_iter().map(|account| (account.id, account)).collect())
    }
}

/// The account with this address, and what its password is checked against.
pub async fn find_credentials(
    db: &impl Executor,
    email: &EmailAddress,
) -> Result<Option<Credentials>, StoreError> {
    store::find_account(db, By::EmailKey(email_key(email))).await
}

/// Notes a sign-in, if the password is still the one that was checked.
pub async fn mark_signed_in(
    db: &impl Executor,
    id: Uuid,
    checked: &PasswordHash,
    now: Timestamp,
) -> Result<bool, StoreError> {
    store::mark_signed_in(db, id, checked, now).await
}
