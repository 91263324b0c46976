//! What somebody who means harm would try. What concerns one call alone stands with that call; bodies, tokens and foreign
//! pages have modules of their own.

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
