//! The contract between the page and the server: the messages that they exchange, the validation rules that both apply,
//! and the error codes.
//!
//! Everything here compiles for the browser and for the server, and none of it does I/O.

mod account;
mod cookie;
mod session;
mod token;

mod characters;
mod display_name;
mod email;
mod locale;
mod pagination;
mod password;

mod problem;
mod rfc3339;
mod secret;
mod timestamp;

pub use account::{
    Account, AccountExport, ChangePassword, ChangePasswordRequest, DeleteAccountRequest, PasswordInfo,
    ProfileChange, ProfileChangeRequest, SignUp, SignUpRequest,
};
pub use cookie::{HINT_COOKIE, HINT_PERSISTENT, HINT_SESSION_ONLY, port_suffix};
pub use display_name::DisplayName;
pub use email::EmailAddress;
pub use locale::Locale;
pub use pagination::{DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, Page};
pub use password::{MAX_PASSWORD_CHARS, MIN_PASSWORD_CHARS, Password};
pub use problem::{ErrorCode, FieldError, FieldErrorCode, Problem};
pub use secret::Secret;
pub use session::{EndReason, Session};
pub use timestamp::{InvalidTimestamp, Timestamp};
pub use token::{
    Claims, LogIn, LogInRequest, LogOutRequest, RefreshRequest, SignedIn, TokenDelivery, TokenType,
};
