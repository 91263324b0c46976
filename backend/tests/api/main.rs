//! The API from outside, over HTTP, against a real server: on SQLite, or on the PostgreSQL that
//! `LATCHKEY_TEST_DATABASE_URL` names. The modules mirror the routes; after them come those that concern all routes.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

#[path = "../leak_detector/mod.rs"]
mod leak_detector;
#[path = "../polling/mod.rs"]
mod polling;
mod support;

mod bound;
mod credentials;
mod login;
mod logout;
mod refresh;
mod signup;
mod verify;

mod delete;
mod export;
mod many_sessions;
mod me;
mod password;
mod sessions;

mod health;
mod jwks;
mod key_change;
mod openapi;

mod bad_input;
mod cookies;
mod csrf;
mod headers;
mod log;
mod tokens;

mod attacks;

mod clocks;
mod concurrency;
mod isolation;
mod network;
mod outage;
mod proof;
mod restart;
