//! Template filters: times and end reasons as text, as in the page's English texts.

use minijinja::{Error, ErrorKind};
use std::time::SystemTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Duration, OffsetDateTime};

/// Formats a time: "Nov 25, 2026, 11:57 AM".
pub fn date_time(time: &str) -> Result<String, Error> {
    let format = format_description!(
        "[month repr:short] [day padding:none], [year], [hour repr:12 padding:none]:[minute] [period]"
    );
    parse(time)?.format(format).map_err(invalid_time)
}

/// Formats a time relative to now: "in 14 days", "3 minutes ago".
pub fn relative(time: &str) -> Result<String, Error> {
    let distance = parse(time)? - OffsetDateTime::from(SystemTime::now());
    let (number, unit) = largest(distance.abs());
    let plural = if number == 1 { "" } else { "s" };
    Ok(match distance.is_negative() {
        true => format!("{number} {unit}{plural} ago"),
        false => format!("in {number} {unit}{plural}"),
    })
}

/// Returns the label of an end reason.
pub fn ended(reason: &str) -> &'static str {
    match reason {
        "signed_out" => "Signed out there",
        "signed_out_elsewhere" => "Ended from another session",
        "replay_detected" => "Ended for safety: a copy may have been used",
        "password_changed" => "Password changed",
        "password_reset" => "Password reset",
        "too_many_sessions" => "Too many sessions",
        "expired" => "Not used for long, or at its longest age",
        "account_deleted" => "Account deleted",
        "admin" => "Ended by an administrator",
        _ => "Ended",
    }
}

fn largest(distance: Duration) -> (i64, &'static str) {
    match (distance.whole_days(), distance.whole_hours(), distance.whole_minutes()) {
        (0, 0, 0) => (distance.whole_seconds(), "second"),
        (0, 0, minutes) => (minutes, "minute"),
        (0, hours, _) => (hours, "hour"),
        (days, _, _) => (days, "day"),
    }
}

fn parse(time: &str) -> Result<OffsetDateTime, Error> {
    OffsetDateTime::parse(time, &Rfc3339).map_err(invalid_time)
}

fn invalid_time(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::InvalidOperation, "not a time").with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_put_into_words() {
        assert_eq!(date_time("2026-11-25T14:07:00.000Z").unwrap(), "Nov 25, 2026, 2:07 PM");
        assert!(relative("2001-01-01T00:00:00.000Z").unwrap().ends_with(" days ago"));
        assert!(relative("2999-01-01T00:00:00.000Z").unwrap().starts_with("in "));
        assert!(date_time("yesterday").is_err());
    }
}
