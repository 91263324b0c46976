//! `cargo xtask test`: all tests, and the number that passed.

use crate::counts::Counts;
use crate::failure::{Failure, Outcome};
use crate::packages::{self, Package};
use crate::postgres::{self, Postgres};
use crate::process::run_and_read;
use crate::schema::{self, NO_PYTHON, Size};
use crate::workspace::{cargo, on_ci};
use crate::{bundle_size, e2e, engines, page, python, tools};
use std::io::{IsTerminal, stdout};
use std::process::Command;
use std::time::{Duration, Instant};

const NO_POSTGRES: &str =
    "PostgreSQL is not installed, so the API was not tested on it: `apt-get install postgresql` brings it.";

/// Parts of the test suite, in the order in which they run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    Api,
    Postgres,
    Schema,
    Page,
    BundleSize,
    Browser,
    Engines,
}

impl Part {
    const ALL: [Self; 7] =
        [Self::Api, Self::Postgres, Self::Schema, Self::Page, Self::BundleSize, Self::Browser, Self::Engines];

    fn from_name(name: &str) -> Option<Self> {
        match name {
            "api" => Some(Self::Api),
            "postgres" => Some(Self::Postgres),
            "schema" => Some(Self::Schema),
            "page" => Some(Self::Page),
            "bundle-size" => Some(Self::BundleSize),
            "browser" => Some(Self::Browser),
            "engines" => Some(Self::Engines),
            _ => None,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Api => "API on SQLite, shared, xtask",
            Self::Postgres => "API on PostgreSQL",
            Self::Schema => "API against its description",
            Self::Page => "page",
            Self::BundleSize => "bundle size of the page",
            Self::Browser => "browser",
            Self::Engines => "Firefox and WebKit",
        }
    }

    fn needs_chromium(self) -> bool {
        matches!(self, Self::Page | Self::Browser)
    }

    /// Returns the system packages that the part needs.
    fn packages(self) -> &'static [&'static [Package]] {
        match self {
            Self::Api => &[packages::API],
            Self::Postgres => &[packages::API, packages::ON_POSTGRES],
            Self::Schema => &[packages::WITH_PYTHON],
            Self::Page => &[packages::PAGE],
            Self::BundleSize => &[],
            Self::Browser => &[packages::BROWSER, packages::SAMPLES, packages::GSON],
            Self::Engines => &[packages::ENGINES, packages::BROWSER],
        }
    }

    /// Returns the reason for which the part may be skipped.
    fn skip_reason(self) -> &'static str {
        match self {
            Self::Postgres => NO_POSTGRES,
            Self::Schema if !python::is_here() => NO_PYTHON,
            Self::Engines => "neither engine is installed.",
            _ => "no filter names it.",
        }
    }

    fn is_of_the_page(self) -> bool {
        matches!(self, Self::Page | Self::BundleSize | Self::Browser | Self::Engines)
    }
}

/// Options of `test`.
#[derive(Debug)]
pub struct Options {
    parts: Vec<Part>,
    filter: Option<String>,
    size: Size,
}

impl Default for Options {
    fn default() -> Self {
        Self { parts: Part::ALL.to_vec(), filter: None, size: Size::default() }
    }
}

impl Options {
    /// Parses the arguments after `test`.
    pub fn parse(mut words: &[&str]) -> Outcome<Self> {
        let mut options = Self::default();
        let mut only = Vec::new();
        while let [word, rest @ ..] = words {
            words = rest;
            match (*word, rest) {
                ("--no-browser", _) => options.parts.retain(|part| !part.is_of_the_page()),
                ("--only", [name, after @ ..]) => {
                    only.push(Part::from_name(name).ok_or_else(|| Failure::unknown(name))?);
                    words = after;
                }
                ("--examples", [number, after @ ..]) => {
                    options.size.examples = number.parse().map_err(|_| Failure::unknown(number))?;
                    words = after;
                }
                ("--seed", [number, after @ ..]) => {
                    options.size.seed = number.parse().map_err(|_| Failure::unknown(number))?;
                    words = after;
                }
                (filter, _) if !filter.starts_with('-') && options.filter.is_none() => {
                    options.filter = Some(filter.to_owned());
                }
                (unknown, _) => return Err(Failure::unknown(unknown)),
            }
        }
        if !only.is_empty() {
            options.parts.retain(|part| only.contains(part));
        }
        Ok(options)
    }

    fn filter(&self) -> Option<&str> {
        self.filter.as_deref()
    }
}

/// Installs the packages that these tests need and the machine lacks.
pub fn set_up(options: &Options) -> Outcome {
    let needed: Vec<_> = options.parts.iter().flat_map(|part| part.packages()).copied().collect();
    packages::install(&needed)?;
    if options.parts.iter().any(|part| part.is_of_the_page()) {
        tools::install_page_tools()?;
        tools::install_browser_test_tools()?;
    }
    if options.parts.iter().any(|part| part.needs_chromium()) {
        tools::provide_chromium()?;
    }
    Ok(())
}

/// Runs the tests; fails if a test failed, or one of the checks before them.
pub fn run(options: &Options, failed_checks: &[&str]) -> Outcome {
    set_up(options)?;
    let mut report = Report::default();
    let mut ahead = None;
    for part in &options.parts {
        let start = Instant::now();
        if *part == Part::Postgres && options.parts.iter().any(|part| part.is_of_the_page()) {
            // The tests on PostgreSQL mostly wait, and nothing else is built meanwhile.
            ahead = Some(page::compile_ahead()?);
        } else if part.is_of_the_page() {
            // The part builds what is left, and reports the errors.
            drop(ahead.take());
        }
        let counts = run_part(*part, options)?;
        report.add(*part, counts, start.elapsed());
    }
    report.print();
    for check in failed_checks {
        println!("{check:<30} {:>7} {:>7}", 0, 1);
    }
    let Counts { passed, failed, failures } = report.total();
    let failed = failed + failed_checks.len() as u64;
    for name in failures {
        println!("test {name} ... FAILED");
    }
    // Always the last line: CI scripts parse it.
    println!("{passed} passed, {failed} failed");
    if failed > 0 { Err(Failure::Reported) } else { Ok(()) }
}

/// Runs a part; returns `None` if it could not run here and is not required.
fn run_part(part: Part, options: &Options) -> Outcome<Option<Counts>> {
    let filter = options.filter();
    println!("\n── {} ──", part.title());
    match part {
        Part::Api => native(filter).map(Some),
        Part::Postgres => on_postgres(filter),
        Part::Page => in_wasm(filter).map(Some),
        // Not selectable by a filter.
        Part::Schema => {
            if filter.is_none() {
                against_the_description(options.size)
            } else {
                Ok(None)
            }
        }
        Part::BundleSize => filter.is_none().then(check_bundle_size).transpose(),
        Part::Browser => in_chromium(filter).map(Some),
        Part::Engines => in_other_engines(filter),
    }
}

/// Runs the native tests in two runs: together, xtask's dependencies would change the features of the API's, and
/// everything would be rebuilt for the following runs.
fn native(filter: Option<&str>) -> Outcome<Counts> {
    let ours = run_and_count(cargo_test(&["xtask", "latchkey-ssr-baseline"]), filter)?;
    Ok(ours + run_and_count(cargo_test(&["latchkey", "latchkey-shared"]), filter)?)
}

fn on_postgres(filter: Option<&str>) -> Outcome<Option<Counts>> {
    let Some(programs) = postgres::programs() else {
        println!("{NO_POSTGRES}");
        return Ok(on_ci().then(|| Counts::failure(NO_POSTGRES)));
    };
    let postgres = Postgres::start(&programs)?;
    let mut test = cargo_test(&["latchkey"]);
    test.env("LATCHKEY_TEST_DATABASE_URL", postgres.url());
    // For the tests that kill a PostgreSQL: they start one of their own.
    test.env("LATCHKEY_TEST_POSTGRES_PROGRAMS", &programs);
    // They are marked as ignored, so that a run without PostgreSQL does not count them as passed.
    test.args(filter).args(["--", "--include-ignored"]);
    run_and_count(test, None).map(Some)
}

fn against_the_description(size: Size) -> Outcome<Option<Counts>> {
    if !python::is_here() {
        println!("{NO_PYTHON}");
        return Ok(on_ci().then(|| Counts::failure(NO_PYTHON)));
    }
    schema::run_on(size).map(Some)
}

fn in_wasm(filter: Option<&str>) -> Outcome<Counts> {
    let mut test = cargo_test(&["latchkey-page"]);
    test.args(["--target", "wasm32-unknown-unknown"]);
    if std::env::var_os("CHROMEDRIVER").is_none() {
        // If several drivers are installed, the runner would choose Firefox's.
        test.env("CHROMEDRIVER", "chromedriver");
    }
    run_and_count(test, filter)
}

/// Builds the release page, which the browser tests use as well, and checks its size.
fn check_bundle_size() -> Outcome<Counts> {
    let Some(page) = page::build()? else { return Ok(does_not_build()) };
    let files = bundle_size::measure(&page)?;
    bundle_size::print(&files);
    match bundle_size::check(&files) {
        Ok(()) => Ok(Counts::passed(1)),
        Err(Failure::Message(why)) => {
            eprintln!("{why}");
            Ok(Counts::failure("the page exceeds its size budget"))
        }
        Err(other) => Err(other),
    }
}

fn cargo_test(packages: &[&str]) -> Command {
    let mut test = cargo();
    test.args(["test", "--no-fail-fast"]);
    test.args(packages.iter().flat_map(|package| ["--package", package]));
    test
}

fn run_and_count(mut test: Command, filter: Option<&str>) -> Outcome<Counts> {
    test.args(filter);
    if stdout().is_terminal() {
        // The output is a pipe, for which Cargo would disable colours.
        test.env("CARGO_TERM_COLOR", "always");
    }
    let (succeeded, lines) = run_and_read("cargo test", &mut test)?;
    Ok(Counts::of_run(succeeded, &lines))
}

fn does_not_build() -> Counts {
    Counts::failure("what is to be tested does not build")
}

fn in_chromium(filter: Option<&str>) -> Outcome<Counts> {
    let Some(mut test) = e2e::playwright()? else { return Ok(does_not_build()) };
    let Some(page) = page::build_for_developers()? else { return Ok(does_not_build()) };
    test.env("LATCHKEY_DEVELOPERS_PAGE", page).env("CHROMIUM", tools::chromium_for_tests()?);
    if let Some(filter) = filter {
        test.args(["--pass-with-no-tests", "--grep", filter]);
    }
    let (succeeded, lines) = run_and_read("Playwright", &mut test)?;
    Ok(Counts::of_run(succeeded, &lines))
}

/// Runs the tests in the other engines. A missing engine is skipped; on CI all are required.
fn in_other_engines(filter: Option<&str>) -> Outcome<Option<Counts>> {
    let (names, missing) = engines::found();
    missing.iter().for_each(|line| println!("{line}"));
    let lacking = missing.iter().filter(|_| on_ci()).map(|line| Counts::failure(line)).sum::<Counts>();
    if names.is_empty() {
        return Ok(on_ci().then_some(lacking));
    }
    let Some(mut test) = engines::runner(engines::TESTS, &names)? else {
        return Ok(Some(does_not_build()));
    };
    if let Some(filter) = filter {
        test.args(["--pass-with-no-tests", "--grep", filter]);
    }
    let (succeeded, lines) = run_and_read("Playwright", &mut test)?;
    Ok(Some(Counts::of_run(succeeded, &lines) + lacking))
}

/// Result of each part.
#[derive(Default)]
struct Report(Vec<(Part, Option<Counts>, Duration)>);

impl Report {
    fn add(&mut self, part: Part, counts: Option<Counts>, took: Duration) {
        self.0.push((part, counts, took));
    }

    fn total(&self) -> Counts {
        self.0.iter().filter_map(|(_, counts, _)| counts.clone()).sum()
    }

    fn print(&self) {
        println!("\n{:<30} {:>7} {:>7} {:>8}", "", "passed", "failed", "time");
        for (part, counts, took) in &self.0 {
            let (title, seconds) = (part.title(), took.as_secs());
            match counts {
                Some(Counts { passed, failed, .. }) => {
                    println!("{title:<30} {passed:>7} {failed:>7} {seconds:>6} s");
                }
                None => println!("{title:<30} did not run: {}", part.skip_reason()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_runs_unless_told_otherwise() {
        assert_eq!(Options::parse(&[]).unwrap().parts, Part::ALL);
        let without = Options::parse(&["--no-browser"]).unwrap();
        assert_eq!(without.parts, [Part::Api, Part::Postgres, Part::Schema]);
        let options = Options::parse(&["--only", "browser", "--only", "api", "signs in"]).unwrap();
        assert_eq!(options.parts, [Part::Api, Part::Browser]);
        assert_eq!(options.filter(), Some("signs in"));
        assert_eq!(options.size, Size::default());
        let longer = Options::parse(&["--only", "schema", "--examples", "2000", "--seed", "7"]).unwrap();
        assert_eq!((longer.parts, longer.size), (vec![Part::Schema], Size { examples: 2000, seed: 7 }));
    }

    #[test]
    fn unknown_words_are_refused() {
        for words in
            [&["--fast"][..], &["--only", "backend"], &["--only"], &["--examples", "many"], &["one", "two"]]
        {
            assert!(Options::parse(words).is_err(), "{words:?}");
        }
    }
}
