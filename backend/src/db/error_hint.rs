//! Hints for the operator about database failures, for the log.

use sea_orm::{DbErr, RuntimeErr, SqlxError};

const FULL: &str = "; the disk is full: make room, the server goes on by itself";
const UNWRITABLE: &str = "; the database cannot be written: look whether its disk is full, read-only or failing, the server goes on by itself";
const LOCKED: &str = "; another program has the database file locked, or it lies on a network file system, where locks do not hold: keep it on a local disk";
const DAMAGED: &str = "; the database file is damaged: stop the server and restore a backup";

/// Returns the hint to append to the error; empty if there is none for it.
pub(super) fn for_error(error: &DbErr) -> &'static str {
    code(error).map_or("", |code| for_code(&code))
}

/// Returns the driver's error.
pub(super) fn cause(error: &DbErr) -> Option<&SqlxError> {
    let (DbErr::Conn(cause) | DbErr::Exec(cause) | DbErr::Query(cause)) = error else { return None };
    let RuntimeErr::SqlxError(cause) = cause else { return None };
    Some(cause)
}

/// Returns the database's error code.
pub(super) fn code(error: &DbErr) -> Option<String> {
    cause(error)?.as_database_error()?.code().map(Into::into)
}

/// Returns true for SQLite's codes for a file locked by another program, or a file system without working locks.
pub(super) fn is_lock(code: &str) -> bool {
    // The I/O errors that are about locks.
    const LOCKS_OF_THE_SYSTEM: [u32; 4] = [3850, 4618, 5130, 5386];
    code.len() < 5
        && code
            .parse::<u32>()
            .is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 15) || LOCKS_OF_THE_SYSTEM.contains(&code))
}

/// Returns the hint for an error code. PostgreSQL's codes have five characters; SQLite's are numbers of at most four
/// digits whose lowest eight bits are the primary code.
fn for_code(code: &str) -> &'static str {
    match (code, code.parse::<u32>()) {
        ("53100", _) => FULL,
        ("25006" | "58030", _) => UNWRITABLE,
        ("XX001" | "XX002", _) => "; the database is damaged: restore a backup",
        (code, _) if is_lock(code) => LOCKED,
        (code, Ok(number)) if code.len() < 5 => match number & 0xff {
            13 => FULL,
            8 | 10 | 14 => UNWRITABLE,
            11 | 26 => DAMAGED,
            _ => "",
        },
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_of_a_disk_that_fails_has_its_advice() {
        for (code, hint) in [
            ("13", FULL),
            ("53100", FULL),
            ("8", UNWRITABLE),
            ("778", UNWRITABLE),
            ("25006", UNWRITABLE),
            ("11", DAMAGED),
            ("5", LOCKED),
            ("517", LOCKED),
            ("3850", LOCKED),
            ("266", UNWRITABLE),
            ("2067", ""),
            ("23505", ""),
            ("40P01", ""),
        ] {
            assert_eq!(for_code(code), hint, "{code}");
        }
    }
}
