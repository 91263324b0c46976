//! Profile: shows the account, and changes its display name and language.

use super::error::SelfServiceError;
use super::service::SelfService;
use crate::accounts::{self, AccountSelector};
use crate::sessions::LockedSession;
use latchkey_shared::{Account, Claims, ProfileChange};

/// Returns the account as it is now.
pub async fn show(service: &SelfService, claims: &Claims) -> Result<Account, SelfServiceError> {
    let found =
        accounts::find_account(service.sessions.db.executor(), AccountSelector::Id(claims.sub)).await?;
    Ok(found.ok_or(SelfServiceError::GONE)?.account)
}

/// Changes the given fields and returns the account.
pub async fn change(
    service: &SelfService,
    claims: &Claims,
    change: &ProfileChange,
) -> Result<Account, SelfServiceError> {
    let now = service.sessions.clock.now();
    let LockedSession { transaction, .. } = LockedSession::begin(&service.sessions, claims, now).await?;
    let changed = accounts::change_profile(transaction.executor(), claims.sub, change, now).await?;
    transaction.commit().await?;
    changed.ok_or(SelfServiceError::GONE)
}
