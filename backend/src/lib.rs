//! API server of Latchkey: serves JSON and validates tokens. The page that people see is a separate program.

pub mod accounts;
pub mod sessions;
pub mod tokens;

pub mod passwords;
pub mod throttle;

pub mod app;
pub mod backup;
pub mod config;
pub mod db;
pub mod http;
pub mod log;
pub mod metrics;
pub mod platform;
pub mod serve;
pub mod traces;
