//! What the page and the server agree on: the messages that they exchange, the rules that both check, and the codes
//! of what can go wrong.
//!
//! Everything here compiles for the browser and for the server, and none of it does I/O.

mod account;
mod cookie;
mod session;
mod token;

mod characters;
mod email;
mod locale;
mod names;
mod page;
mod password;

mod problem;
mod rfc3339;
mod secret;
mod timestamp;

pub use account::{
    Account, AccountExport, ChangePassword, ChangePasswordRequest, DeleteAccountRequest, PasswordFacts,
    ProfileChange, ProfileChangeRequest, SignUp, SignUpRequest,
};
pub use cookie::{MARK, MARK_LASTING, MARK_PASSING, port_suffix};
pub use email::EmailAddress;
pub use locale::Locale;
pub use names::DisplayName;
pub use page::{PAGE_DEFAULT, PAGE_MOST, Page};
pub use password::{MAX_PASSWORD_CHARS, MIN_PASSWORD_CHARS, Password};
pub use problem::{ErrorCode, FieldError, FieldErrorCode, Problem};
pub use secret::Secret;
pub use session::{EndReason, Session};
pub use timestamp::{InvalidTimestamp, Timestamp};
pub use token::{
    Claims, LogIn, LogInRequest, LogOutRequest, RefreshRequest, SignedIn, TokenDelivery, TokenType,
};
