//! `latchkey account`: what whoever runs the server does for one person.

use super::password::{PasswordInputError, prompt_password};
use latchkey::authentication::hashing::{PasswordPool, PoolStartError};
use latchkey::config::{self, Config};
use latchkey::db::{ConnectError, Database, StoreError};
use latchkey::platform::{OsRandomness, SystemClock};
use latchkey::self_service::{PasswordReset, SelfServiceError};
use latchkey_shared::{EmailAddress, FieldErrorCode, Password};

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum AccountCommandError {
    /// There is nobody by this address.
    #[error("there is no account with this address")]
    Nobody,
    /// The address is none.
    #[error("EMAIL: {}", .0.message())]
    Email(FieldErrorCode),
    /// The new password keeps a rule badly.
    #[error("the password was not taken: {}", .0.message())]
    Password(FieldErrorCode),
    /// No password came.
    #[error(transparent)]
    Input(#[from] PasswordInputError),
    /// The thread that hashes cannot be started.
    #[error(transparent)]
    Passwords(#[from] PoolStartError),
    /// The database cannot be opened.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Anything else.
    #[error(transparent)]
    Account(SelfServiceError),
}

/// Sets a new password and ends every session of the account, beside running servers.
#[tokio::main(flavor = "current_thread")]
pub async fn set_password(config: &Config, email: &str) -> Result<String, AccountCommandError> {
    let email = EmailAddress::parse_existing(email).map_err(AccountCommandError::Email)?;
    let db = Database::open_existing(&config.database_url).await?;
    let password = Password::try_from(prompt_password()?).map_err(AccountCommandError::Password)?;
    let one_thread = config::PasswordConfig { threads: 1, ..config.passwords.clone() };
    let passwords = PasswordPool::start(&one_thread, &OsRandomness)?;
    let reset = PasswordReset { db: &db, passwords: &passwords, clock: &SystemClock, random: &OsRandomness };
    let ended = reset.run(&email, password).await?;
    db.close().await?;
    Ok(format!("the password is set; sessions that were ended: {ended}"))
}

impl From<SelfServiceError> for AccountCommandError {
    fn from(error: SelfServiceError) -> Self {
        match error {
            SelfServiceError::Ended(_) => Self::Nobody,
            SelfServiceError::WeakPassword(weakness) => Self::Password(weakness.code()),
            SelfServiceError::Store(error) => Self::Store(error),
            error => Self::Account(error),
        }
    }
}
