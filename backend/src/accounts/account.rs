//! What an account is to the server.

use crate::db::StoreError;
use crate::passwords::{HashingError, NewPasswordError, Overloaded, PasswordHash, Weakness};
use crate::sessions::IssueError;
use crate::throttle::TooMany;
use latchkey_shared::{Account, EmailAddress, Timestamp};
use unicode_normalization::UnicodeNormalization;
use url::Host;

/// Why nothing became of a call about an account.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// An account with this address exists.
    #[error("the address is taken")]
    EmailTaken,
    /// The new password would be guessed too soon.
    #[error("the password is too weak: {0:?}")]
    WeakPassword(Weakness),
    /// The password that was typed is not the account's.
    #[error("the password is wrong")]
    WrongPassword,
    /// The account is gone.
    #[error("the account is gone")]
    Gone,
    /// There were too many wrong tries from there.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// All hashing threads are busy.
    #[error(transparent)]
    Overloaded(#[from] Overloaded),
    /// The password could not be hashed.
    #[error("hashing failed: {0}")]
    Hashing(HashingError),
    /// No token could be signed.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<NewPasswordError> for AccountError {
    fn from(error: NewPasswordError) -> Self {
        match error {
            NewPasswordError::Weak(weakness) => Self::WeakPassword(weakness),
            NewPasswordError::Overloaded(error) => Self::Overloaded(error),
            NewPasswordError::Hashing(error) => Self::Hashing(error),
        }
    }
}

/// An account and what its password is checked against.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The account.
    pub account: Account,
    /// Its stored password.
    pub password_hash: PasswordHash,
    /// When the password was last set.
    pub password_changed_at: Timestamp,
    /// When the account was last changed.
    pub updated_at: Timestamp,
    /// When somebody last signed in with the password.
    pub signed_in_at: Timestamp,
}

/// The form in which two spellings of one address are equal: compatibility characters, case and composition folded, and
/// the domain as the network knows it (RFC 5891 §4.4).
pub fn email_key(email: &EmailAddress) -> String {
    let folded: String = email.as_str().nfkc().collect::<String>().to_lowercase().nfkc().collect();
    let Some((local, domain)) = folded.rsplit_once('@') else { return folded };
    match Host::parse(domain) {
        Ok(Host::Domain(ascii)) => format!("{local}@{ascii}"),
        _ => folded,
    }
}

/// What an attacker who knows the account would try first.
pub fn personal(email: &str, display_name: &str) -> Vec<String> {
    vec![email.to_owned(), display_name.to_owned()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_address_have_one_key() {
        let key = |text: &str| email_key(&text.parse().unwrap());
        assert_eq!(key("Ada@Example.ORG"), key("ada@example.org"));
        assert_eq!(key("\u{1112}\u{1161}\u{11AB}@example.org"), key("\u{D55C}@example.org"));
        assert_ne!(key("ada@example.org"), key("ada@example.com"));
        assert_eq!(key("ada@\u{C608}\u{C2DC}.\u{D55C}\u{AD6D}"), key("Ada@XN--VV4B11D.xn--3e0b707e"));
        assert_ne!(
            key("\u{D55C}@example.org"),
            key("xn--6q8b@example.org"),
            "only domains are spelled in two ways"
        );
    }
}
