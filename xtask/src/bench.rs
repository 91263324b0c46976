//! `cargo xtask bench`: measurements, printed as tables for docs/benchmarks.md.

pub mod api;

use crate::api::Profile;
use crate::failure::{Failure, Outcome};
use crate::process::run_checked;
use crate::workspace::{cargo, target};
use crate::{dist, e2e, tools};

/// Options of the browser benchmarks.
#[derive(PartialEq, Eq, Debug)]
pub struct Options {
    /// Seed of the random number generator; the same seed produces the same faults.
    seed: u32,
    /// Number of rounds; by default each benchmark chooses its own. The spread of the rounds shows how reliable a
    /// figure is.
    rounds: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self { seed: 1843, rounds: None }
    }
}

impl Options {
    /// Parses the arguments after the benchmark's name.
    pub fn parse(mut words: &[&str]) -> Outcome<Self> {
        let mut options = Self::default();
        while let [word, value, rest @ ..] = words {
            let number = value.parse().map_err(|_| Failure::unknown(value));
            match *word {
                "--seed" => options.seed = number?,
                "--rounds" => options.rounds = Some(number?),
                unknown => return Err(Failure::unknown(unknown)),
            }
            words = rest;
        }
        words.first().map_or(Ok(options), |odd| Err(Failure::unknown(odd)))
    }
}

/// Runs the tab race: several tabs on a bad network; counts the sessions that were ended by mistake.
pub fn sessions(options: &Options) -> Outcome {
    // Failures are counted, speed is not measured: the API is built as for the tests.
    let Some(mut race) = e2e::playwright()? else { return Err(Failure::Reported) };
    race.args([
        "--config",
        "lab/playwright.config.ts",
        "--repeat-each",
        &options.rounds.unwrap_or(2).to_string(),
    ]);
    race.env("LATCHKEY_SEED", options.seed.to_string());
    run_checked("The tab race", &mut race)
}

/// Compares the page with a server-rendered one, alternating between them in one browser.
pub fn page(options: &Options) -> Outcome {
    let mut baseline = cargo();
    run_checked("cargo build", baseline.args(["build", "--release", "--package", "latchkey-ssr-baseline"]))?;
    in_production("page.bench.ts", options)
}

/// Measures the page with Lighthouse's mobile profile.
pub fn lighthouse(options: &Options) -> Outcome {
    in_production("lighthouse.bench.ts", options)
}

/// Benchmarks the output of `cargo xtask dist` behind Caddy.
fn in_production(bench: &str, options: &Options) -> Outcome {
    dist::run()?;
    tools::install_browser_test_tools()?;
    let mut chromium = e2e::playwright_with(Profile::Release, &target().join("dist/page"))?;
    chromium.args(["--config", "lab/page/playwright.config.ts", bench]);
    chromium.env("LATCHKEY_SSR_BASELINE", target().join("release/latchkey-ssr-baseline"));
    if let Some(rounds) = options.rounds {
        chromium.env("LATCHKEY_ROUNDS", rounds.to_string());
    }
    run_checked("Playwright", &mut chromium)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seed_and_rounds_can_be_chosen() {
        assert_eq!(Options::parse(&[]).unwrap(), Options::default());
        let options = Options::parse(&["--rounds", "5", "--seed", "7"]).unwrap();
        assert_eq!(options, Options { seed: 7, rounds: Some(5) });
    }

    #[test]
    fn unknown_words_are_refused() {
        for words in [&["--fast", "1"][..], &["--seed"], &["--seed", "x"], &["--rounds", "-1"], &["7"]] {
            assert!(Options::parse(words).is_err(), "{words:?}");
        }
    }
}
