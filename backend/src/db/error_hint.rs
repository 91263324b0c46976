//! What whoever runs the server can do about a database that fails, for the log.

use sea_orm::{DbErr, RuntimeErr, SqlxError};

const FULL: &str = "; the disk is full: make room, the server goes on by itself";
const UNWRITABLE: &str = "; the database cannot be written: look whether its disk is full, read-only or failing, the server goes on by itself";
const LOCKED: &str = "; another program has the database file locked, or it lies on a network file system, where locks do not hold: keep it on a local disk";
const DAMAGED: &str = "; the database file is damaged: stop the server and restore a backup";

/// Words to put behind the error; none where it speaks for itself.
pub(super) fn for_error(error: &DbErr) -> &'static str {
    code(error).map_or("", |code| for_code(&code))
}

/// What the driver says.
pub(super) fn cause(error: &DbErr) -> Option<&SqlxError> {
    let (DbErr::Conn(cause) | DbErr::Exec(cause) | DbErr::Query(cause)) = error else { return None };
    let RuntimeErr::SqlxError(cause) = cause else { return None };
    Some(cause)
}

/// The database's code for what has happened.
pub(super) fn code(error: &DbErr) -> Option<String> {
    cause(error)?.as_database_error()?.code().map(Into::into)
}

/// Says of one of SQLite's codes that somebody else has locked the file, or that the file system carries no locks.
pub(super) fn is_lock(code: &str) -> bool {
    // Of the I/O errors those that are about locks.
    const LOCKS_OF_THE_SYSTEM: [u32; 4] = [3850, 4618, 5130, 5386];
    code.len() < 5
        && code
            .parse::<u32>()
            .is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 15) || LOCKS_OF_THE_SYSTEM.contains(&code))
}

/// PostgreSQL's codes have five characters, SQLite's are numbers of four digits at most whose last eight bits name the
/// kind.
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
