//! `cargo xtask bench api`: speed of the API, always as a ratio to a baseline that was measured in alternating rounds.

mod benchmarks;
mod calls;
mod figures;
mod growth;
mod load;
mod server;

use crate::failure::{Failure, Outcome};
use crate::process::{output_of, run_checked};
use crate::workspace::cargo;
use benchmarks::Benchmark;
use figures::ResultRow;
use std::process::Command;

/// Options of `bench api`: which benchmarks to run, and how thoroughly.
#[derive(PartialEq, Eq, Debug, Default)]
pub struct Options {
    only: Vec<Benchmark>,
    effort: Effort,
}

/// Effort of a run: duration and number of rounds, and the sizes of the database.
#[derive(PartialEq, Eq, Debug, Default, Clone, Copy)]
pub enum Effort {
    /// A few minutes, to detect a regression.
    Quick,
    /// The effort of published figures.
    #[default]
    Full,
}

impl Effort {
    fn rounds(self) -> usize {
        match self {
            Self::Quick => 3,
            Self::Full => 7,
        }
    }

    fn seconds(self) -> u32 {
        match self {
            Self::Quick => 1,
            Self::Full => 3,
        }
    }

    fn sizes(self) -> &'static [u64] {
        match self {
            Self::Quick => &[1_000, 10_000],
            Self::Full => &[1_000, 10_000, 100_000, 1_000_000],
        }
    }
}

impl Options {
    /// Parses the arguments after `bench api`.
    pub fn parse(mut words: &[&str]) -> Outcome<Self> {
        let mut options = Self::default();
        while let [word, rest @ ..] = words {
            words = rest;
            match (*word, rest) {
                ("--quick", _) => options.effort = Effort::Quick,
                ("--only", [name, after @ ..]) => {
                    options.only.push(Benchmark::from_name(name).ok_or_else(|| Failure::unknown(name))?);
                    words = after;
                }
                (unknown, _) => return Err(Failure::unknown(unknown)),
            }
        }
        Ok(options)
    }

    fn benchmarks(&self) -> Vec<Benchmark> {
        Benchmark::ALL
            .into_iter()
            .filter(|benchmark| self.only.is_empty() || self.only.contains(benchmark))
            .collect()
    }
}

/// Runs the benchmarks and prints a table for docs/benchmarks.md.
pub fn run(options: &Options) -> Outcome {
    if output_of(Command::new("sh").args(["-c", "command -v wrk"])).is_none() {
        return Err(Failure::message(
            "The load comes from wrk: `apt-get install wrk` or `brew install wrk`.",
        ));
    }
    // Built one after the other: in a joint build, Cargo would unify the features of the two packages.
    for package in ["latchkey", "latchkey-bench"] {
        run_checked("cargo build", cargo().args(["build", "--release", "--package", package]))?;
    }
    let before = machine();
    let mut rows = Vec::new();
    for benchmark in options.benchmarks() {
        eprintln!("measuring: {}", benchmark.name());
        let measured = benchmark.measure(options.effort)?;
        measured.iter().for_each(|row| eprintln!("  {row}"));
        rows.extend(measured);
    }
    println!("\n{}", ResultRow::HEAD);
    rows.iter().for_each(|row| println!("{row}"));
    println!("\nLoad of the machine before: {before}; after: {}", machine());
    Ok(())
}

/// Returns the machine's load (`uptime`), to show whether other programs used it.
fn machine() -> String {
    output_of(&mut Command::new("uptime")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_can_be_chosen() {
        assert_eq!(Options::parse(&[]).unwrap().benchmarks(), Benchmark::ALL);
        let options = Options::parse(&["--only", "login", "--quick", "--only", "verify"]).unwrap();
        assert_eq!(options.effort, Effort::Quick);
        assert_eq!(
            options.benchmarks().iter().map(|benchmark| benchmark.name()).collect::<Vec<_>>(),
            ["verify", "login"]
        );
    }

    #[test]
    fn unknown_words_are_refused() {
        for words in [&["--only"][..], &["--only", "luck"], &["fast"]] {
            assert!(Options::parse(words).is_err(), "{words:?}");
        }
    }
}
