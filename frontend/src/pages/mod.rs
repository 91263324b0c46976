//! The pages: each fetches what it shows, and composes components.

mod frame;
mod guarded;
mod menu;
mod session_bar;
mod session_ended;
mod switches;

mod log_in;
mod not_found;
mod outside;
mod sign_up;

mod delete_account;
mod home;
mod profile;
mod security;
mod sessions;
mod token;
mod token_claims;

#[cfg(debug_assertions)]
pub mod dev;

pub use frame::Frame;
pub use log_in::LogIn;
pub use not_found::NotFound;
pub use sign_up::SignUp;
