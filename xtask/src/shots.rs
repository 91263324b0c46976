//! `cargo xtask shots`: screenshots of every state of the page, for visual review.

use crate::failure::{Context, Failure, Outcome};
use crate::process::run_checked;
use crate::workspace::root;
use crate::{e2e, engines};
use std::fs;
use std::path::Path;

/// Takes the screenshots of all states, or of those whose names contain `filter`, into `shots/`.
pub fn run(filter: Option<&str>) -> Outcome {
    let Some(mut playwright) = e2e::playwright()? else { return Err(Failure::Reported) };
    let screenshots = root().join("shots");
    // Removes screenshots of states that no longer exist.
    if filter.is_none() && screenshots.exists() {
        fs::remove_dir_all(&screenshots).context("clear the old pictures")?;
    }
    playwright.args(["--config", "shots/playwright.config.ts"]).env("LATCHKEY_SHOTS", &screenshots);
    if let Some(filter) = filter {
        playwright.env("LATCHKEY_STATES", filter);
    }
    run_checked("Playwright", &mut playwright)?;
    in_other_engines(&screenshots, filter)?;
    println!("The pictures are in {}.", screenshots.display());
    Ok(())
}

/// Takes the screenshots in Firefox and WebKit, where they are installed.
fn in_other_engines(screenshots: &Path, filter: Option<&str>) -> Outcome {
    let (names, missing) = engines::found();
    missing.iter().for_each(|line| println!("{line}"));
    if names.is_empty() {
        return Ok(());
    }
    let Some(mut playwright) = engines::runner(engines::PICTURES, &names)? else {
        return Err(Failure::Reported);
    };
    playwright.env("LATCHKEY_SHOTS", screenshots).env("LATCHKEY_STATES", filter.unwrap_or_default());
    run_checked("Playwright", &mut playwright)
}
