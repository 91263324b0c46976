//! The people in a benchmark database: numbered, each with one session.

use uuid::Uuid;

/// The password of every account.
pub const PASSWORD: &str = "an entirely different phrase";

/// Number of people, those with the highest numbers, who use no token: their sessions belong to the baseline of
/// refreshes.
pub const RESERVED_PEOPLE: u64 = 512;

/// The first id. It starts with a time, as all our ids do (UUIDv7, RFC 9562 §5.7): new rows go to the end of every
/// index.
const FIRST: u128 = 0x0190_0000_0000_7000_8000_0000_0000_0000;

/// Returns the id of a person's account, which is also the id of their session.
pub fn id(number: u64) -> Uuid {
    Uuid::from_u128(FIRST + u128::from(number))
}

/// Returns the e-mail address of a person.
pub fn email(number: u64) -> String {
    format!("person{number}@example.org")
}
