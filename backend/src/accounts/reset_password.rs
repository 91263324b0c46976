//! A new password from whoever runs the server, for somebody who has forgotten theirs: every session ends.

use super::account::{AccountError, Credentials, email_keys, user_inputs};
use super::store::{self, AccountSelector};
use crate::db::Database;
use crate::passwords::PasswordPool;
use crate::platform::{Clock, Randomness};
use crate::sessions;
use latchkey_shared::{EmailAddress, Password};

/// What a password is set with, beside a server or without one.
pub struct PasswordReset<'a> {
    /// The database of the account.
    pub db: &'a Database,
    /// The threads that hash.
    pub passwords: &'a PasswordPool,
    /// The time.
    pub clock: &'a dyn Clock,
    /// The source of the salt.
    pub random: &'a dyn Randomness,
}

impl PasswordReset<'_> {
    /// Sets the password of the account with this address, and returns how many sessions that has ended. The password is
    /// judged as at sign-up. Running servers learn of the ends as they learn of each other's.
    pub async fn run(&self, email: &EmailAddress, password: Password) -> Result<usize, AccountError> {
        let found = self.find(email).await?.ok_or(AccountError::GONE)?;
        let inputs = user_inputs(&found.account.email, &found.account.display_name);
        let hash = self.passwords.hash_new(password, inputs, self.random).await?;
        let now = self.clock.now();
        let transaction = self.db.begin().await?;
        // Whatever holds by now: the operator's word is the last one.
        if !store::reset_password(transaction.executor(), found.account.id, &hash, now).await? {
            return Err(AccountError::GONE);
        }
        let revocation = sessions::revoke_on_password_reset(&transaction, found.account.id, now).await?;
        transaction.commit().await?;
        Ok(revocation.count())
    }

    /// Whose address it is: as at a sign-in.
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
