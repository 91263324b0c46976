//! A new password from whoever runs the server, for somebody who has forgotten theirs: every session ends.

use super::account::{AccountError, Credentials, email_keys, personal};
use super::store::{self, By};
use crate::db::Database;
use crate::passwords::Pool;
use crate::platform::{Clock, Randomness};
use crate::sessions;
use latchkey_shared::{EmailAddress, Password};

/// What a password is set with, beside a server or without one.
pub struct Reset<'a> {
    /// The database of the account.
    pub db: &'a Database,
    /// The threads that hash.
    pub passwords: &'a Pool,
    /// The time.
    pub clock: &'a dyn Clock,
    /// The source of the salt.
    pub random: &'a dyn Randomness,
}

impl Reset<'_> {
    /// Sets the password of the account with this address, and returns how many sessions that has ended. The password is
    /// judged as at sign-up. Running servers learn of the ends as they learn of each other's.
    pub async fn run(&self, email: &EmailAddress, password: Password) -> Result<usize, AccountError> {
        let found = self.find(email).await?.ok_or(AccountError::GONE)?;
        let known = personal(&found.account.email, &found.account.display_name);
        let hash = self.passwords.hash_new(password, known, self.random).await?;
        let now = self.clock.now();
        let transaction = self.db.begin().await?;
        // Whatever holds by now: the operator's word is the last one.
        if !store::reset_password(transaction.executor(), found.account.id, &hash, now).await? {
            return Err(AccountError::GONE);
        }
        let ended = sessions::because_password_reset(&transaction, found.account.id, now).await?;
        transaction.commit().await?;
        Ok(ended.count())
    }

    /// Whose address it is: as at a sign-in.
    async fn find(&self, email: &EmailAddress) -> Result<Option<Credentials>, AccountError> {
        for key in email_keys(email) {
            let found = store::find_account(self.db.executor(), By::EmailKey(key)).await?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}
