//! `latchkey account`: what whoever runs the server does for one person.

use super::password::{PasswordInput, ask};
use latchkey::accounts::{AccountError, Reset};
use latchkey::config::{self, Config};
use latchkey::db::{ConnectError, Database, StoreError};
use latchkey::passwords::Pool;
use latchkey::platform::{OsRandomness, SystemClock};
use latchkey_shared::{EmailAddress, FieldErrorCode, Password};
use std::io;

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
    Input(#[from] PasswordInput),
    /// The thread that hashes cannot be started.
    #[error("cannot start a hashing thread: {0}")]
    Thread(io::Error),
    /// The database cannot be opened.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Anything else.
    #[error(transparent)]
    Account(AccountError),
}

/// Sets a new password and ends every session of the account, beside running servers.
#[tokio::main(flavor = "current_thread")]
pub async fn set_password(config: &Config, email: &str) -> Result<String, AccountCommandError> {
    let email = EmailAddress::of_account(email).map_err(AccountCommandError::Email)?;
    let db = Database::attach(&config.database_url).await?;
    let password = Password::try_from(ask()?).map_err(AccountCommandError::Password)?;
    let one_thread = config::Passwords { threads: 1, ..config.passwords.clone() };
    let passwords = Pool::start(&one_thread).map_err(AccountCommandError::Thread)?;
    let reset = Reset { db: &db, passwords: &passwords, clock: &SystemClock, random: &OsRandomness };
    let ended = reset.run(&email, password).await?;
    db.close().await?;
    Ok(format!("the password is set; sessions that were ended: {ended}"))
}

impl From<AccountError> for AccountCommandError {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Ended(_) => Self::Nobody,
            AccountError::WeakPassword(weakness) => Self::Password(weakness.code()),
            AccountError::Store(error) => Self::Store(error),
            error => Self::Account(error),
        }
    }
}
