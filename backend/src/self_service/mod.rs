//! Self-service: what people do with their own account, from sign-up to deletion.

mod sign_up;

mod change_password;
mod delete;
mod export;
mod profile;
mod reset_password;

mod error;
mod routes;
mod service;

pub use error::SelfServiceError;
pub use reset_password::PasswordReset;
pub use routes::routes;
pub use service::SelfService;
