//! The pages. Each fetches its data and composes components.

mod app_layout;
mod menu;
mod preferences;
mod require_session;
mod session_bar;
mod session_ended;

mod auth_layout;
mod log_in;
mod not_found;
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

pub use app_layout::AppLayout;
pub use log_in::LogIn;
pub use not_found::NotFound;
pub use sign_up::SignUp;
