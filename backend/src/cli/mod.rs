//! What the commands share: how they read what is typed, and how they answer.

pub mod account;
mod arguments;
mod password;

pub use arguments::parse;
