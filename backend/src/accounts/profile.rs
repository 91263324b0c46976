//! The profile: who one is, and what one wants to be called.

use super::account::AccountError;
use super::store::{self, AccountSelector};
use crate::app::App;
use crate::sessions::LockedSession;
use latchkey_shared::{Account, Claims, ProfileChange};

/// The account as it is now.
pub async fn show(app: &App, claims: &Claims) -> Result<Account, AccountError> {
    let found = store::find_account(app.db.executor(), AccountSelector::Id(claims.sub)).await?;
    Ok(found.ok_or(AccountError::GONE)?.account)
}

/// Changes what is given.
pub async fn change(app: &App, claims: &Claims, change: &ProfileChange) -> Result<Account, AccountError> {
    let now = app.clock.now();
    let LockedSession { transaction, .. } = LockedSession::begin(app, claims, now).await?;
    let changed = store::mark_profile(transaction.executor(), claims.sub, change, now).await?;
    transaction.commit().await?;
    changed.ok_or(AccountError::GONE)
}
