//! Rows of the tables. Stores convert them to the domains' own types.

pub mod account;
pub mod credential;
pub mod ended_session;
pub mod known_key;
pub mod session;
pub mod session_cutoff;
pub mod wrong_try;
