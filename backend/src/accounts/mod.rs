//! Accounts: sign-up, profile, password, export and deletion. An account is one person: address, name and password.

mod change_password;
mod delete;
mod export;
mod profile;
mod reset_password;
mod sign_up;

mod account;
mod lookups;
mod routes;
mod store;

pub use account::{AccountError, Credentials, email_key, email_keys};
pub use delete::erase;
pub use lookups::{AccountById, CredentialsByEmail, LastSignIn};
pub use reset_password::PasswordReset;
pub use routes::routes;
