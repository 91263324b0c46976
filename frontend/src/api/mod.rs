//! The calls to the server: one file a domain, all through `client`.

mod client;
mod failure;

pub mod account;
pub mod auth;
pub mod sessions;

pub use failure::{Failure, Verdict};
