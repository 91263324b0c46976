//! The browser, as far as the page needs it.

pub mod clipboard;
pub mod clock;
pub mod document;
pub mod download;
pub mod hint;
pub mod json;
pub mod key;
pub mod locale;
pub mod network;
pub mod passing;
pub mod storage;
pub mod turns;
