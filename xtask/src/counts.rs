//! Numbers of passed and failed tests, parsed from the runners' output.

use std::iter::Sum;
use std::ops::Add;

/// Numbers of passed and failed tests.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    pub passed: u64,
    pub failed: u64,
    /// Names of the failed tests, where they are known.
    pub failures: Vec<String>,
}

impl Counts {
    /// Creates the counts of `passed` passed tests and no failed one.
    pub fn passed(passed: u64) -> Self {
        Self { passed, ..Self::default() }
    }

    /// Creates the counts of a single failure, however many faults it stands for.
    pub fn failure(name: &str) -> Self {
        Self { passed: 0, failed: 1, failures: vec![name.to_owned()] }
    }

    /// Sums the `test result:` lines of a run and collects the names. libtest and wasm-bindgen-test print both, and so
    /// does the reporter in `e2e`. A test that was running when its runner was stopped counts as failed. A run that
    /// fails without a failed test (it did not compile, it crashed) counts as one failure.
    pub fn of_run(succeeded: bool, lines: &[String]) -> Self {
        let lines: Vec<_> = lines.iter().map(|line| without_colour(line)).collect();
        let mut counts: Self = lines.iter().filter_map(|line| Self::of_line(line)).sum();
        counts.failures = lines.iter().filter_map(|line| failure(line)).collect();
        if !succeeded {
            let hung = hung(&lines);
            counts = counts + hung.iter().map(|name| Self::failure(&format!("{name} (never ended)"))).sum();
        }
        if !succeeded && counts.failed == 0 {
            return counts + Self::failure("a run that broke off");
        }
        counts
    }

    fn of_line(line: &str) -> Option<Self> {
        let counts = line.strip_prefix("test result: ")?;
        let number = |what: &str| {
            counts.split([';', '.']).find_map(|part| part.trim().strip_suffix(what)?.trim().parse().ok())
        };
        Some(Self { passed: number("passed")?, failed: number("failed")?, failures: Vec::new() })
    }
}

/// Returns the name of the test that this line reports as failed.
fn failure(line: &str) -> Option<String> {
    let told = line.strip_prefix("test ")?;
    let name =
        ["FAILED", "FAIL"].into_iter().find_map(|word| told.strip_suffix(word)?.strip_suffix(" ... "))?;
    Some(name.to_owned())
}

/// Returns the names of tests that libtest reported as slow, but never as ended.
fn hung(lines: &[String]) -> Vec<&str> {
    let ended = |name: &str| lines.iter().any(|line| line.starts_with(&format!("test {name} ... ")));
    let slow =
        lines.iter().filter_map(|line| line.strip_prefix("test ")?.split_once(" has been running for over "));
    slow.map(|(name, _)| name).filter(|name| !ended(name)).collect()
}

impl Add for Counts {
    type Output = Self;
    fn add(mut self, other: Self) -> Self {
        self.failures.extend(other.failures);
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            failures: self.failures,
        }
    }
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), Add::add)
    }
}

/// Returns the line without the escape sequences that colour it.
fn without_colour(line: &str) -> String {
    let mut pieces = line.split('\u{1b}');
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        plain.push_str(piece.split_once('m').map_or("", |(_, text)| text));
    }
    plain.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn the_results_of_every_binary_are_summed() {
        let output = lines(
            "running 2 tests\ntest a ... ok\ntest b::c ... FAILED\ntest d ... \u{1b}[31mFAIL\u{1b}[m\n\
             test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.01s\n\
             test result: \u{1b}[31mFAILED\u{1b}[m. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out\n\
             the test result: ok. 99 passed; 99 failed",
        );
        let failures = ["b::c", "d"].map(str::to_owned).to_vec();
        assert_eq!(Counts::of_run(false, &output), Counts { passed: 15, failed: 2, failures });
    }

    #[test]
    fn a_test_that_never_ended_has_failed() {
        let output = lines(
            "test a::b has been running for over 60 seconds\ntest c has been running for over 60 seconds\n\
             test a::b ... ok\ntest c::d ... ok",
        );
        assert_eq!(Counts::of_run(false, &output), Counts::failure("c (never ended)"));
    }

    #[test]
    fn a_run_that_breaks_before_its_tests_is_a_failure() {
        assert_eq!(Counts::of_run(false, &lines("error[E0308]")), Counts::failure("a run that broke off"));
        assert_eq!(Counts::of_run(true, &lines("")), Counts::default());
    }
}
