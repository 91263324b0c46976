//! What the other domains ask of accounts.

use super::account::Credentials;
use super::store;
use crate::db::{Database, Executor, Lookup, StoreError};
use latchkey_shared::{Account, Timestamp};
use std::collections::BTreeMap;
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

/// Finds accounts by their addresses in the form of [`email_key`](super::email_key), with what their passwords are checked
/// against; many at once.
pub struct ByEmail;

impl Lookup for ByEmail {
    type Key = String;
    type Found = Credentials;
    async fn look_up(db: &Database, keys: Vec<String>) -> Result<Vec<(String, Credentials)>, StoreError> {
        store::list_credentials(db.executor(), keys).await
    }
}

/// Remembers when people last signed in, of whom the sessions that say so are going to be forgotten.
pub async fn mark_signed_in(
    db: &impl Executor,
    latest: &BTreeMap<Uuid, Timestamp>,
) -> Result<(), StoreError> {
    store::mark_signed_in(db, latest).await
}
