//! `cargo xtask shots`: pictures of every state of the page, for somebody to look at.

use crate::failure::{Doing, Failure, Outcome};
use crate::process::run_well;
use crate::workspace::root;
use crate::{e2e, engines};
use std::fs;
use std::path::Path;

/// Takes the pictures of all states, or of those whose names contain `filter`, into `shots/`.
pub fn run(filter: Option<&str>) -> Outcome {
    let Some(mut camera) = e2e::playwright()? else { return Err(Failure::Told) };
    let album = root().join("shots");
    // States that are no more must not be looked at for ever.
    if filter.is_none() && album.exists() {
        fs::remove_dir_all(&album).doing("clear the old pictures")?;
    }
    camera.args(["--config", "shots/playwright.config.ts"]).env("LATCHKEY_SHOTS", &album);
    if let Some(filter) = filter {
        camera.env("LATCHKEY_STATES", filter);
    }
    run_well("Playwright", &mut camera)?;
    in_other_engines(&album, filter)?;
    println!("The pictures are in {}.", album.display());
    Ok(())
}

/// The states that are looked at in Firefox and WebKit, where they are installed.
fn in_other_engines(album: &Path, filter: Option<&str>) -> Outcome {
    let (names, missing) = engines::found();
    missing.iter().for_each(|line| println!("{line}"));
    if names.is_empty() {
        return Ok(());
    }
    let Some(mut camera) = engines::runner(engines::PICTURES, &names)? else { return Err(Failure::Told) };
    camera.env("LATCHKEY_SHOTS", album).env("LATCHKEY_STATES", filter.unwrap_or_default());
    run_well("Playwright", &mut camera)
}
