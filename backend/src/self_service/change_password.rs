//! Password change: it ends every other session.

use super::error::SelfServiceError;
use super::service::SelfService;
use crate::accounts;
use crate::authentication::{self, Authenticated};
use crate::sessions::{self, IssuedTokens, LockedSession, SessionSelector};
use latchkey_shared::{ChangePassword, Claims, EndReason, Secret, TokenDelivery};

/// Sets the new password if the current one is right. The requesting session continues with new tokens.
pub async fn run(
    service: &SelfService,
    claims: &Claims,
    change: ChangePassword,
) -> Result<(IssuedTokens, TokenDelivery), SelfServiceError> {
    let authenticated = verify_password(service, claims, change.current_password).await?;
    let account = authenticated.account();
    let inputs = accounts::user_inputs(&account.email, &account.display_name);
    let hash = service
        .authentication
        .passwords
        .hash_new(change.new_password, inputs, &*service.sessions.random)
        .await?;
    let now = service.sessions.clock.now();
    let locked = LockedSession::begin(&service.sessions, claims, now).await?;
    let db = locked.transaction.executor();
    let Some(authenticated) = authentication::change_password(db, authenticated, &hash, now).await? else {
        return Err(SelfServiceError::WrongPassword);
    };
    let renewed = sessions::force_rotation(&service.sessions, &locked, &authenticated, now).await?;
    let others = SessionSelector::AllExcept { account_id: claims.sub, session_id: claims.sid };
    let (list, reason) = (Some(&service.sessions.revocations), EndReason::PasswordChanged);
    let revoked = sessions::revoke(&locked.transaction, list, others, reason, now).await?;
    let delivery = change.token_delivery.unwrap_or(locked.session.delivery);
    locked.transaction.commit_with(revoked).await?;
    Ok((sessions::issue_tokens(&service.sessions, renewed, authenticated.into_account(), now)?, delivery))
}

/// Verifies the password of the session's account.
pub(super) async fn verify_password(
    service: &SelfService,
    claims: &Claims,
    password: Secret,
) -> Result<Authenticated, SelfServiceError> {
    // The session may have ended before the password arrived: then the response must not disclose whether it is right.
    sessions::require_active(&service.sessions, claims, service.sessions.clock.now()).await?;
    Ok(authentication::verify_again(&service.authentication, claims, password).await?)
}
