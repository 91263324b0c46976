//! Account deletion: removes the account and all its data.

use super::change_password;
use super::error::SelfServiceError;
use super::service::SelfService;
use crate::accounts;
use crate::authentication;
use crate::sessions::{self, LockedSession, SessionSelector};
use latchkey_shared::{Claims, EndReason, Secret};

/// Deletes the account if this is its password.
pub async fn run(service: &SelfService, claims: &Claims, password: Secret) -> Result<(), SelfServiceError> {
    let authenticated = change_password::verify_password(service, claims, password).await?;
    let now = service.sessions.clock.now();
    let LockedSession { transaction, .. } = LockedSession::begin(&service.sessions, claims, now).await?;
    // Until the transaction completes nobody can sign in, so no session starts that the deletion would miss.
    if !authentication::lock_credentials(transaction.executor(), &authenticated, now).await? {
        return Err(SelfServiceError::WrongPassword);
    }
    let all = SessionSelector::All { account_id: claims.sub };
    let (list, reason) = (Some(&service.sessions.revocations), EndReason::AccountDeleted);
    let revoked = sessions::revoke(&transaction, list, all, reason, now).await?;
    match revoked.is_deferred() {
        // Deleting the rows of very many sessions takes longer than one statement may.
        true => {
            authentication::delete_credentials(transaction.executor(), claims.sub).await?;
            accounts::mark_deleted(transaction.executor(), claims.sub, now).await?;
        }
        false => accounts::delete_account(transaction.executor(), claims.sub).await?,
    }
    transaction.commit_with(revoked).await?;
    Ok(())
}
