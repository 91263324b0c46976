//! Attacks by a malicious client. Those that concern a single kind of request are tested with that request; bodies,
//! tokens and foreign pages have their own modules.

mod flooding;
mod forging;
mod guessing;
mod impersonation;
mod in_flight;
mod raw_connection;
mod signatures;
mod smuggling;
mod theft;
mod token_encodings;

mod fixture;
