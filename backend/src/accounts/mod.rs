//! Accounts: one per person, with an address, a name and a language. How a person proves to be its owner is in
//! [`authentication`](crate::authentication).

mod account;
mod lookups;
mod store;

pub use account::{AccountRecord, deliverable_email_key, email_key, email_keys, user_inputs};
pub use lookups::{AccountById, LastSignIn};
pub use store::{
    AccountSelector, change_profile, delete_account, delete_tombstone, find_account, insert_account,
    mark_deleted,
};
