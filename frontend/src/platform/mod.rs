//! Browser APIs, as far as the page needs them.

pub mod clipboard;
pub mod clock;
pub mod document;
pub mod download;
pub mod dpop;
pub mod json;
pub mod locale;
pub mod network;
pub mod session_hint;
pub mod storage;
pub mod tab_lock;
pub mod view_transition;
