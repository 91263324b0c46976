//! Profile: shows the account, and changes its display name and language.

use super::account::AccountError;
use super::store::{self, AccountSelector};
use crate::app::App;
use crate::sessions::LockedSession;
use latchkey_shared::{Account, Claims, ProfileChange};

/// Returns the account as it is now.
pub async fn show(app: &App, claims: &Claims) -> Result<Account, AccountError> {
    let found = store::find_account(app.db.executor(), AccountSelector::Id(claims.sub)).await?;
    Ok(found.ok_or(AccountError::GONE)?.account)
}

/// Changes the given fields and returns the account.
pub async fn change(app: &App, claims: &Claims, change: &ProfileChange) -> Result<Account, AccountError> {
    let now = app.clock.now();
    let LockedSession { transaction, .. } = LockedSession::begin(app, claims, now).await?;
    let changed = store::mark_profile(transaction.executor(), claims.sub, change, now).await?;
    transaction.commit().await?;
    changed.ok_or(AccountError::GONE)
}
