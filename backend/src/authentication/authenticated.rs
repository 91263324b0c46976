//! The proof of a completed authentication.

use latchkey_shared::{Account, Timestamp};
use std::fmt;

/// Proof that a person has authenticated as an account. Only this module creates one, and sessions start with nothing
/// else.
#[derive(Debug, Clone)]
pub struct Authenticated {
    account: Account,
    methods: Methods,
    at: Timestamp,
    version: CredentialVersion,
}

impl Authenticated {
    pub(super) fn new(account: Account, method: Method, at: Timestamp, version: CredentialVersion) -> Self {
        Self { account, methods: Methods(vec![method]), at, version }
    }

    /// Returns the account.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Returns the account, by value.
    pub fn into_account(self) -> Account {
        self.account
    }

    /// Returns the methods by which the person authenticated.
    pub fn methods(&self) -> &Methods {
        &self.methods
    }

    /// Returns the time of the authentication (`auth_time`).
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// Returns the version of the account's credentials that were verified. Every statement that relies on this proof
    /// has it as a condition.
    pub fn version(&self) -> CredentialVersion {
        self.version
    }
}

/// Version of an account's credentials: a number that grows with every change of one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CredentialVersion(pub i64);

impl CredentialVersion {
    /// Version of a new account.
    pub const FIRST: Self = Self(0);
}

/// An authentication method (RFC 8176).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// A password.
    Password,
}

impl Method {
    const ALL: [Self; 1] = [Self::Password];

    /// Returns the `amr` value (RFC 8176 §2).
    pub fn amr(self) -> &'static str {
        match self {
            Self::Password => "pwd",
        }
    }
}

/// The methods of one authentication, in the order in which they were completed. As text they are separated by spaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Methods(Vec<Method>);

impl Methods {
    /// Reads methods from the database. Unknown values are ignored.
    pub fn from_stored(text: &str) -> Self {
        let known = |amr: &str| Method::ALL.into_iter().find(|method| method.amr() == amr);
        Self(text.split(' ').filter_map(known).collect())
    }
}

impl fmt::Display for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values: Vec<_> = self.0.iter().map(|method| method.amr()).collect();
        f.write_str(&values.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_read_as_they_were_written() {
        for method in Method::ALL {
            let methods = Methods(vec![method]);
            assert_eq!(Methods::from_stored(&methods.to_string()), methods);
        }
        assert_eq!(Methods::from_stored("pwd of-the-future"), Methods(vec![Method::Password]));
        assert_eq!(Methods::from_stored(""), Methods(Vec::new()));
    }
}
