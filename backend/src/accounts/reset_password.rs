//! Password reset by the operator, for a user who has forgotten the password: it ends every session.

use super::account::{AccountError, Credentials, email_keys, user_inputs};
use super::store::{self, AccountSelector};
use crate::db::Database;
use crate::passwords::PasswordPool;
use crate::platform::{Clock, Randomness};
use crate::sessions;
use latchkey_shared::{EmailAddress, Password};

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
    pub async fn run(&self, email: &EmailAddress, password: Password) -> Result<usize, AccountError> {
        let found = self.find(email).await?.ok_or(AccountError::GONE)?;
        let inputs = user_inputs(&found.account.email, &found.account.display_name);
        let hash = self.passwords.hash_new(password, inputs, self.random).await?;
        let now = self.clock.now();
        let transaction = self.db.begin().await?;
        // Unconditional: the operator's reset overrides a concurrent password change.
        if !store::reset_password(transaction.executor(), found.account.id, &hash, now).await? {
            return Err(AccountError::GONE);
        }
        let revocation = sessions::revoke_on_password_reset(&transaction, found.account.id, now).await?;
        transaction.commit().await?;
        Ok(revocation.count())
    }

    /// Finds the account of an address by the same keys as sign-in.
    async fn find(&self, email: &EmailAddress) -> Result<Option<Credentials>, AccountError> {
        for key in email_keys(email) {
            let found = store::find_account(self.db.executor(), AccountSelector::EmailKey(key)).await?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}
