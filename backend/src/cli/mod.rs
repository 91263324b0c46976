//! What the commands share: how they read what is typed, and how they answer.

pub mod account;
mod password;
mod words;

pub use words::read;
