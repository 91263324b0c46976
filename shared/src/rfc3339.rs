//! RFC 3339 dates and times, written by hand: a general date library would add far more code to the page than these
//! need.

use std::fmt;

const MILLIS_PER_DAY: i64 = 86_400_000;
/// Days in 400 years, after which the calendar repeats.
const DAYS_PER_CYCLE: i64 = 146_097;
/// Days from March 1 of year 0 to January 1, 1970.
const DAYS_TO_EPOCH: i64 = 719_468;
/// Range that can be written: January 1 of year 0 to the end of year 9999, in milliseconds since the epoch.
const WRITABLE: std::ops::Range<i64> = -62_167_219_200_000..253_402_300_800_000;

/// Writes `millis` since the epoch in UTC, to the millisecond; fails for years that do not have four digits.
pub fn write(millis: i64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if !WRITABLE.contains(&millis) {
        return Err(fmt::Error);
    }
    let (year, month, day) = date(millis.div_euclid(MILLIS_PER_DAY));
    let time = millis.rem_euclid(MILLIS_PER_DAY);
    let (hour, minute, second) = (time / 3_600_000, time / 60_000 % 60, time / 1_000 % 60);
    write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", time % 1_000)
}

/// Parses a date and time with any offset into milliseconds since the epoch; finer fractions are truncated. Leap
/// seconds are refused: none of the clocks that are read has them.
pub fn read(text: &str) -> Option<i64> {
    let mut rest = Parser(text.as_bytes());
    let (year, month, day) = (rest.number(4)?, rest.after(b'-')?.number(2)?, rest.after(b'-')?.number(2)?);
    rest.one_of(b"Tt")?;
    let (hour, minute, second) =
        (rest.number(2)?, rest.after(b':')?.number(2)?, rest.after(b':')?.number(2)?);
    let millis = rest.fraction()?;
    let offset = rest.offset()?;
    let days = days(year, month, day);
    // A day that the month does not have converts back to another date.
    let is_date = (1..=12).contains(&month) && date(days) == (year, month, day);
    let is_time = hour < 24 && minute < 60 && second < 60;
    (is_date && is_time && rest.0.is_empty())
        .then(|| days * MILLIS_PER_DAY + ((hour * 60 + minute - offset) * 60 + second) * 1_000 + millis)
}

/// Returns the date `days` after the epoch. Years are counted from March, so that the leap day is the last of its year.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + DAYS_TO_EPOCH;
    let (cycle, day) = (days.div_euclid(DAYS_PER_CYCLE), days.rem_euclid(DAYS_PER_CYCLE));
    let year = (day - day / 1_460 + day / 36_524 - day / (DAYS_PER_CYCLE - 1)) / 365;
    let day = day - days_before(year);
    // From March on, each group of five months has 153 days.
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (cycle * 400 + year + carry, month, day)
}

/// Returns the days from the epoch to a date.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (cycle, year) = (year.div_euclid(400), year.rem_euclid(400));
    cycle * DAYS_PER_CYCLE + days_before(year) + (153 * month + 2) / 5 + day - 1 - DAYS_TO_EPOCH
}

/// Returns the days of a cycle before this year of it.
fn days_before(year: i64) -> i64 {
    year * 365 + year / 4 - year / 100
}

/// Parser over the remaining bytes.
struct Parser<'a>(&'a [u8]);

impl Parser<'_> {
    fn one_of(&mut self, allowed: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        allowed.contains(first).then_some(*first)
    }

    fn after(&mut self, mark: u8) -> Option<&mut Self> {
        self.one_of(&[mark]).map(|_| self)
    }

    fn digit(&mut self) -> Option<i64> {
        self.one_of(b"0123456789").map(|digit| i64::from(digit - b'0'))
    }

    fn number(&mut self, digits: u32) -> Option<i64> {
        (0..digits).try_fold(0, |number, _| Some(number * 10 + self.digit()?))
    }

    /// Parses the fraction of a second, in milliseconds: nothing, or a point and any number of digits.
    fn fraction(&mut self) -> Option<i64> {
        if self.0.first() != Some(&b'.') {
            return Some(0);
        }
        let mut unit = 100;
        let mut millis = self.after(b'.')?.digit()? * unit;
        while self.0.first().is_some_and(u8::is_ascii_digit) {
            unit /= 10;
            millis += self.digit()? * unit;
        }
        Some(millis)
    }

    /// Parses the offset from UTC, in minutes.
    fn offset(&mut self) -> Option<i64> {
        let sign = match self.one_of(b"Zz+-")? {
            b'+' => 1,
            b'-' => -1,
            _ => return Some(0),
        };
        let (hours, minutes) = (self.number(2)?, self.after(b':')?.number(2)?);
        (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

    /// Parses with an independent implementation.
    fn reference(text: &str) -> Option<i64> {
        let instant = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        i64::try_from(instant.unix_timestamp_nanos().div_euclid(1_000_000)).ok()
    }

    struct Written(i64);

    impl fmt::Display for Written {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write(self.0, f)
        }
    }

    #[test]
    fn every_day_of_ten_thousand_years_reads_back() {
        for millis in WRITABLE.step_by(86_400_000) {
            assert_eq!(read(&Written(millis).to_string()), Some(millis));
        }
        assert_eq!(Written(WRITABLE.start).to_string(), "0000-01-01T00:00:00.000Z");
        assert_eq!(Written(WRITABLE.end - 1).to_string(), "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn years_without_four_digits_are_not_written() {
        use fmt::Write;
        for millis in [i64::MIN, WRITABLE.start - 1, WRITABLE.end, i64::MAX] {
            assert!(write!(String::new(), "{}", Written(millis)).is_err(), "{millis}");
        }
    }

    #[test]
    fn days_that_no_calendar_has_are_refused() {
        for date in
            ["2023-02-29", "1900-02-29", "2024-02-30", "2023-04-31", "2023-00-10", "2023-13-01", "2023-01-00"]
        {
            assert_eq!(read(&format!("{date}T00:00:00Z")), None, "{date}");
        }
        assert!(read("2024-02-29T00:00:00Z").is_some() && read("2000-02-29T00:00:00Z").is_some());
    }

    #[test]
    fn leap_seconds_are_refused() {
        assert_eq!(read("2016-12-31T23:59:60Z"), None);
    }

    proptest! {
        #[test]
        fn instants_are_written_as_the_reference_reads_them(millis in WRITABLE) {
            prop_assert_eq!(reference(&Written(millis).to_string()), Some(millis));
        }

        #[test]
        fn what_the_reference_writes_is_read(seconds in -60_000_000_000_i64..250_000_000_000, nanos in 0..1_000_000_000_i64, minutes in -1_439..1_440_i32) {
            let offset = UtcOffset::from_whole_seconds(minutes * 60).unwrap();
            let instant = OffsetDateTime::from_unix_timestamp(seconds).unwrap() + time::Duration::nanoseconds(nanos);
            let text = instant.to_offset(offset).format(&Rfc3339).unwrap();
            prop_assert_eq!(read(&text), Some(seconds * 1_000 + nanos / 1_000_000));
        }

        #[test]
        fn what_is_nearly_a_time_is_judged_as_by_the_reference(
            text in r"[012][0-9]{3}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-5][0-9](\.[0-9]{0,12})?(Z|z|[+-][0-2][0-9]:[0-6][0-9])[0Z]?"
        ) {
            prop_assert_eq!(read(&text), reference(&text));
        }

        #[test]
        fn no_text_makes_it_panic(text in r"[-+:.TZ0-9é]{0,40}") {
            let _ = read(&text);
        }
    }
}
