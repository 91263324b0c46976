//! `cargo xtask fuzz`: generated input for everything that parses untrusted bytes.

use crate::bundle_size::entries;
use crate::failure::{Context, Failure, Outcome};
use crate::process::{output_of, run, run_checked};
use crate::workspace::{cargo, root};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

#[path = "../../fuzz/src/inputs.rs"]
mod inputs;

const NO_CARGO_FUZZ: &str = "cargo-fuzz is missing: `cargo install cargo-fuzz` brings it.";

/// Options of `fuzz`.
#[derive(Debug, PartialEq, Eq)]
pub struct Options {
    target: Option<String>,
    seconds: u32,
}

impl Options {
    /// Parses the arguments after `fuzz`.
    pub fn parse(mut words: &[&str]) -> Outcome<Self> {
        let mut options = Self { target: None, seconds: 60 };
        while let [word, rest @ ..] = words {
            words = rest;
            match (*word, rest) {
                ("--seconds", [number, after @ ..]) => {
                    options.seconds = number.parse().map_err(|_| Failure::unknown(number))?;
                    words = after;
                }
                (name, _) if !name.starts_with('-') && options.target.is_none() => {
                    options.target = Some(name.to_owned());
                }
                (unknown, _) => return Err(Failure::unknown(unknown)),
            }
        }
        Ok(options)
    }
}

/// Runs one target, or all of them one after the other, and then minimizes the corpus.
pub fn run_all(options: &Options) -> Outcome {
    if output_of(cargo_fuzz("--version").env_remove("RUSTFLAGS")).is_none() {
        return Err(Failure::message(NO_CARGO_FUZZ));
    }
    let targets = targets()?;
    let wanted: Vec<_> =
        targets.iter().filter(|name| options.target.as_ref().is_none_or(|wanted| wanted == *name)).collect();
    if let (true, Some(name)) = (wanted.is_empty(), &options.target) {
        return Err(Failure::unknown(name));
    }
    for name in wanted {
        println!("\n── {name} ──");
        unpack(name)?;
        let mut fuzz = cargo_fuzz("run");
        fuzz.arg(name).args(["--", "-dict=fuzz/words.dict", "-timeout=10"]);
        fuzz.arg(format!("-max_total_time={}", options.seconds));
        if !run("cargo fuzz", &mut fuzz)? {
            return Err(Failure::message(format!(
                "{name} broke a promise. fuzz/artifacts/{name} holds the bytes: mend it, and add them to fuzz/inputs/{name}.txt."
            )));
        }
        // One input for each branch is enough to continue from, and small enough for the repository.
        run_checked(
            "cargo fuzz cmin",
            cargo_fuzz("cmin").arg(name).args(["--", "-use_counters=0", "-max_len=512"]),
        )?;
        pack(name)?;
    }
    Ok(())
}

/// Returns the folder in which cargo-fuzz looks for a target's inputs, one file each.
fn corpus(name: &str) -> PathBuf {
    root().join("fuzz/corpus").join(name)
}

/// Returns the file in which the repository stores the inputs.
fn packed(name: &str) -> PathBuf {
    root().join("fuzz/inputs").join(format!("{name}.txt"))
}

fn unpack(name: &str) -> Outcome {
    let (file, folder) = (packed(name), corpus(name));
    let text = fs::read_to_string(&file).context(format_args!("read {}", file.display()))?;
    let found = inputs::unpack(&text)
        .map_err(|line| Failure::message(format!("Line {line} of {} is no byte string.", file.display())))?;
    if folder.exists() {
        fs::remove_dir_all(&folder).context("clear the old inputs")?;
    }
    fs::create_dir_all(&folder).context("make a folder for the inputs")?;
    found.iter().enumerate().try_for_each(|(at, input)| {
        fs::write(folder.join(at.to_string()), input).context("unpack the inputs")
    })
}

fn pack(name: &str) -> Outcome {
    let found: Outcome<Vec<_>> = entries(&corpus(name))?
        .into_iter()
        .map(|path| fs::read(path).context("read what was found"))
        .collect();
    fs::write(packed(name), inputs::pack(found?)).context("pack the inputs")
}

/// Returns a cargo-fuzz command. Without a sanitizer: those need a nightly compiler, and the code is safe Rust.
fn cargo_fuzz(verb: &str) -> Command {
    let mut fuzz = cargo();
    fuzz.args(["fuzz", verb]);
    if verb != "--version" {
        fuzz.args(["--sanitizer", "none"]);
    }
    fuzz
}

fn targets() -> Outcome<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root().join("fuzz/fuzz_targets")).context("list the targets")? {
        let path = entry.context("list the targets")?.path();
        names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_runs_for_a_minute_unless_told_otherwise() {
        assert_eq!(Options::parse(&[]).unwrap(), Options { target: None, seconds: 60 });
        let told = Options::parse(&["sign_up", "--seconds", "600"]).unwrap();
        assert_eq!(told, Options { target: Some("sign_up".to_owned()), seconds: 600 });
        for words in [&["--seconds"][..], &["--seconds", "long"], &["one", "two"], &["--fast"]] {
            assert!(Options::parse(words).is_err(), "{words:?}");
        }
    }

    #[test]
    fn the_targets_are_found() {
        assert!(targets().unwrap().contains(&"access_token".to_owned()));
    }
}
