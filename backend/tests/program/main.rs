//! The program itself, from outside: how it starts and stops, that it loses nothing when it is killed, its behaviour on
//! a full disk, its backups, and its telemetry.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

#[path = "../leak_detector/mod.rs"]
mod leak_detector;
#[path = "../polling/mod.rs"]
mod polling;
mod server;

mod start;

mod account;
mod log;
mod settings;

mod backup;
mod crash;
mod database;
mod disk;
#[cfg(target_os = "linux")]
mod filesystem;
mod hostile;
mod load;
mod postgres;
mod stop;
#[cfg(target_os = "linux")]
mod systemd_unit;
mod telemetry;
mod traces;
