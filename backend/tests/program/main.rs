//! The program itself, from outside: how it starts and stops, what it loses when it is killed (nothing), what it does on a
//! disk that takes nothing more, how it is backed up, and what it tells those who watch it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

#[path = "../patience/mod.rs"]
mod patience;
#[path = "../secrets/mod.rs"]
mod secrets;
mod server;

mod start;

mod account;
mod settings;
mod told;

mod backup;
mod crash;
mod database;
mod disk;
mod hostile;
mod load;
#[cfg(target_os = "linux")]
mod mounted;
mod postgres;
mod stop;
mod traced;
#[cfg(target_os = "linux")]
mod unit;
mod watched;
