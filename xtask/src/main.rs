//! The project's own commands: `cargo xtask COMMAND`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a command-line tool talks to a person and reads its surroundings"
)]

mod bench;
mod ci;
mod dev;
mod dist;
mod fuzz;
mod shots;
mod test;

mod api;
mod bundle_size;
mod counts;
mod deny;
mod e2e;
mod engines;
mod failure;
mod interrupt;
mod packages;
mod page;
mod postgres;
mod process;
mod python;
mod schema;
mod temporary;
mod tools;
mod wasm;
mod watch;
mod web;
mod workspace;

use failure::{Failure, Outcome};
use std::process::ExitCode;

const HELP: &str = "\
cargo xtask COMMAND

  dev                the API on 127.0.0.1:3000 and the page on http://localhost:8080, rebuilt as the code changes
      --release      the API with optimisation
  test [FILTER]      every test: shared, API on SQLite and on PostgreSQL, page, and Chromium, Firefox and WebKit against the real thing;
                     installs what they need with apt-get, as root, by sudo without a password, or after a yes at a terminal
      --only PART    one part (may be repeated): api, postgres, schema, page, bundle-size, browser, engines
      --no-browser   the parts that need no Chromium: api, postgres, schema
      --examples N   how many calls of each kind `schema` makes up (100)
      --seed N       where chance begins in `schema` (1)
  ci                 formatting, lints on both targets, types, dependencies, then every test
  bench sessions     the tab race: many tabs on a bad network, and who is signed out by mistake; a few minutes
      --seed N       where chance begins
  bench page         the page beside one that a server draws: first loads, changes of page, bytes
  bench lighthouse   what Lighthouse says of the page on a phone
      --rounds N     how often each row is measured
  shots [FILTER]     pictures of every state of the page, in both languages and themes, into shots/, and of the main ones in all engines
  bench api          how fast the API is, as ratios; half an hour, on Linux, with wrk and PostgreSQL
      --only BAR     one of verify, cold, login, calm, hostile, refresh, memory, start, growth (may be repeated)
      --quick        a few minutes
  fuzz [TARGET]      made-up bytes for what reads tokens and bodies, with cargo-fuzz; keeps what is new in fuzz/inputs
      --seconds N    how long each target runs (60)
  dist               target/dist: what a server needs, with the page compressed ahead of time and measured
  setup              installs what the commands above need and this machine lacks, and nothing else
  help               this text

Runs on Linux and macOS; on Windows, inside WSL.";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match interrupt::listen().and_then(|()| command(&words)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Interrupted) => ExitCode::from(130),
        Err(Failure::Reported) => ExitCode::FAILURE,
        Err(Failure::Message(why)) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn command(words: &[&str]) -> Outcome {
    match words {
        ["dev", options @ ..] => dev::run(&dev::Options::parse(options)?),
        ["test", options @ ..] => test::run(&test::Options::parse(options)?, &[]),
        ["ci"] => ci::run_all(),
        ["bench", "api", options @ ..] => bench::api::run(&bench::api::Options::parse(options)?),
        ["bench", "sessions", options @ ..] => bench::sessions(&bench::Options::parse(options)?),
        ["bench", "page", options @ ..] => bench::page(&bench::Options::parse(options)?),
        ["bench", "lighthouse", options @ ..] => bench::lighthouse(&bench::Options::parse(options)?),
        ["shots"] => shots::run(None),
        ["shots", filter] if !filter.starts_with('-') => shots::run(Some(filter)),
        ["fuzz", options @ ..] => fuzz::run_all(&fuzz::Options::parse(options)?),
        ["dist"] => dist::run(),
        ["setup"] => test::set_up(&test::Options::default()),
        [] | ["help" | "--help" | "-h"] => {
            println!("{HELP}");
            Ok(())
        }
        [unknown, ..] => Err(Failure::unknown(unknown)),
    }
}
