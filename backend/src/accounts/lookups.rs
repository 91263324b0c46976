//! What the other domains ask of accounts.

use super::account::Credentials;
use super::store;
use crate::db::{BatchWrite, Database, Executor, Lookup, StoreError};
use latchkey_shared::{Account, Timestamp};
use uuid::Uuid;

/// Finds accounts by their ids; many at once.
pub struct AccountById;

impl Lookup for AccountById {
    type Key = Uuid;
    type Found = Account;
    async fn look_up(db: &Database, ids: Vec<Uuid>) -> Result<Vec<(Uuid, Account)>, StoreError> {
        let found = store::list_accounts(db.executor(), ids).await?;
        Ok(found.into_iter().map(|account| (account.id, account)).collect())
    }
}

/// Finds accounts by their addresses in the form of [`email_key`](super::email_key), with what their passwords are checked
/// against; many at once.
pub struct CredentialsByEmail;

impl Lookup for CredentialsByEmail {
    type Key = String;
    type Found = Credentials;
    async fn look_up(db: &Database, keys: Vec<String>) -> Result<Vec<(String, Credentials)>, StoreError> {
        store::list_credentials(db.executor(), keys).await
    }
}

/// Remembers when somebody last signed in, before the session that says so is forgotten. Nobody may be there twice.
#[derive(Clone)]
pub struct LastSignIn {
    /// Whose account it is.
    pub account_id: Uuid,
    /// When it was.
    pub at: Timestamp,
}

impl BatchWrite for LastSignIn {
    type Output = ();
    async fn execute_batch(db: &impl Executor, latest: &[Self]) -> Result<Vec<()>, StoreError> {
        store::mark_signed_in(db, latest).await?;
        Ok(vec![(); latest.len()])
    }
}
