//! Fuzz targets: code that reads untrusted bytes, with invariants for all of them. `cargo fuzz` generates the bytes;
//! the API's tests replay the saved ones.
#![expect(clippy::unwrap_used, reason = "a promise that does not hold has to stop the run")]

mod bodies;
mod fixture;
pub mod inputs;
mod proofs;
mod tokens;

pub use bodies::{deletion, log_in, log_out, password_change, profile_change, refresh, sign_up};
pub use proofs::proof;
pub use tokens::{access_token, refresh_token};

/// A fuzz target: takes any bytes, and panics if an invariant does not hold.
pub type FuzzTarget = fn(&[u8]);

/// Every target, with the name of its program and of the file with the inputs found for it.
pub const TARGETS: [(&str, FuzzTarget); 10] = [
    ("access_token", access_token),
    ("refresh_token", refresh_token),
    ("proof", proof),
    ("sign_up", sign_up),
    ("log_in", log_in),
    ("refresh", refresh),
    ("log_out", log_out),
    ("profile_change", profile_change),
    ("password_change", password_change),
    ("deletion", deletion),
];
