//! The people in a database that is measured on: numbered, each with one session.

use uuid::Uuid;

/// Everybody's password.
pub const PASSWORD: &str = "an entirely different phrase";

/// The people with the highest numbers use no token: their sessions belong to the loop that refreshes are compared to.
pub const RESERVED_PEOPLE: u64 = 512;

/// The ids start with a time, as all of ours do: new rows go to the end of every index.
const FIRST: u128 = 0x0190_0000_0000_7000_8000_0000_0000_0000;

/// The account of the person with this number, and also the id of their session.
pub fn id(number: u64) -> Uuid {
    Uuid::from_u128(FIRST + u128::from(number))
}

/// Their address.
pub fn email(number: u64) -> String {
    format!("person{number}@example.org")
}
