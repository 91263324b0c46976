//! Batched lookups and writes on accounts for the other modules.

use super::store;
use crate::db::{BatchWrite, Database, Executor, Lookup, StoreError};
use latchkey_shared::{Account, Timestamp};
use uuid::Uuid;

/// Batched lookup of accounts by id.
pub struct AccountById;

impl Lookup for AccountById {
    type Key = Uuid;
    type Found = Account;
    async fn look_up(db: &Database, ids: Vec<Uuid>) -> Result<Vec<(Uuid, Account)>, StoreError> {
        let found = store::list_accounts(db.executor(), ids).await?;
        Ok(found.into_iter().map(|account| (account.id, account)).collect())
    }
}

/// Write of an account's last sign-in, before the session that records it is deleted. An account must not be in a batch
/// twice.
#[derive(Clone)]
pub struct LastSignIn {
    /// Account id.
    pub account_id: Uuid,
    /// Time of the sign-in.
    pub at: Timestamp,
}

impl BatchWrite for LastSignIn {
    type Output = ();
    async fn execute_batch(db: &impl Executor, latest: &[Self]) -> Result<Vec<()>, StoreError> {
        store::mark_signed_in(db, latest).await?;
        Ok(vec![(); latest.len()])
    }
}
