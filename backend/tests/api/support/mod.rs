//! Test fixture: a real server on a database of its own, and people who use it.

mod answer;
mod app;
mod call;
mod database;
mod database_proxy;
mod faulty_proxy;
mod forge;
mod key;
mod log_capture;
mod openapi;
mod person;
mod shapes;

pub use crate::polling::until;
pub use answer::Answer;
pub use app::TestApp;
pub use call::Call;
pub use database::postgres_address;
pub use database_proxy::DatabaseProxy;
pub use faulty_proxy::{Fault, FaultyProxy};
pub use forge::{Forge, claims_of, header_of, in_base64url};
pub use key::Key;
pub use log_capture::LogCapture;
pub use person::{PASSWORD, Person, address_of};
pub use shapes::{assert_account, assert_signed_in, instant, is_uuid_v7, keys};

pub use latchkey_shared::{EndReason, ErrorCode, FieldErrorCode};
pub use serde_json::{Value, json};
pub use std::time::Duration;

pub const SECOND: Duration = Duration::from_secs(1);
pub const MINUTE: Duration = Duration::from_secs(60);
pub const HOUR: Duration = Duration::from_secs(60 * 60);
pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);
