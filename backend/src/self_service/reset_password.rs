//! Password reset by the operator, for a user who has forgotten the password: it ends every session.

use super::error::SelfServiceError;
use crate::accounts::{self, AccountRecord, AccountSelector};
use crate::authentication;
use crate::authentication::hashing::PasswordPool;
use crate::db::Database;
use crate::platform::{Clock, Randomness};
use crate::sessions::{self, SessionSelector};
use latchkey_shared::{EmailAddress, EndReason, Password};

/// Dependencies of a password reset, which works with or without a running server.
pub struct PasswordReset<'a> {
    /// Database of the account.
    pub db: &'a Database,
    /// Pool that hashes the password.
    pub passwords: &'a PasswordPool,
    /// Clock.
    pub clock: &'a dyn Clock,
    /// Source of the salt.
    pub random: &'a dyn Randomness,
}

impl PasswordReset<'_> {
    /// Sets the password of the account with this address and returns the number of sessions that were ended
    /// individually. The password is checked as at sign-up. Running servers learn of the ended sessions as they learn
    /// of each other's.
    pub async fn run(&self, email: &EmailAddress, password: Password) -> Result<usize, SelfServiceError> {
        let found = self.find(email).await?.ok_or(SelfServiceError::GONE)?;
        let inputs = accounts::user_inputs(&found.account.email, &found.account.display_name);
        let hash = self.passwords.hash_new(password, inputs, self.random).await?;
        let now = self.clock.now();
        let transaction = self.db.begin().await?;
        if !authentication::reset_password(transaction.executor(), found.account.id, &hash, now).await? {
            return Err(SelfServiceError::GONE);
        }
        let all = SessionSelector::All { account_id: found.account.id };
        // Running servers poll for it; in this process nobody asks.
        let revoked = sessions::revoke(&transaction, None, all, EndReason::PasswordReset, now).await?;
        let count = revoked.count();
        transaction.commit_with(revoked).await?;
        Ok(count)
    }

    /// Finds the account of an address by the same keys as sign-in.
    async fn find(&self, email: &EmailAddress) -> Result<Option<AccountRecord>, SelfServiceError> {
        for key in accounts::email_keys(email) {
            let found = accounts::find_account(self.db.executor(), AccountSelector::EmailKey(key)).await?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}
