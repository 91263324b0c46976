//! API server of Latchkey: serves JSON and validates tokens. The page that people see is a separate program.
//!
//! The modules are floors: each uses those below it.

pub mod app;
pub mod server;

pub mod backup;
pub mod self_service;

pub mod sessions;

pub mod authentication;

pub mod accounts;

pub mod tokens;

pub mod config;
pub mod db;
pub mod http;
pub mod log;
pub mod metrics;
pub mod platform;
pub mod traces;
