//! Requests to the server: one module per domain, all through `request`.

mod failure;
mod request;

pub mod account;
pub mod auth;
pub mod sessions;

pub use failure::{Failure, RefreshOutcome};
