//! Playwright and Chromium, run against the page and the API as they were just built.

use crate::api::{self, Profile};
use crate::failure::Outcome;
use crate::workspace::{command, root};
use crate::{page, python, tools};
use std::path::Path;
use std::process::Command;

/// Returns Playwright in `e2e` with the paths of everything it needs; `None` if something does not build, which has
/// been reported by then.
pub fn playwright() -> Outcome<Option<Command>> {
    tools::install_page_tools()?;
    tools::install_browser_test_tools()?;
    let Some(page) = page::build()? else { return Ok(None) };
    if !api::build_for_tests()? {
        return Ok(None);
    }
    let mut playwright = playwright_with(Profile::Dev, &page)?;
    // For the sample in the documents, which is skipped without Python.
    if python::is_here() {
        let requirements = root().join("e2e/requirements.txt");
        playwright.env("LATCHKEY_SAMPLES_PYTHON", python::environment("samples", &requirements)?);
    }
    Ok(Some(playwright))
}

/// Returns Playwright for an API and a page that are already built.
pub fn playwright_with(api: Profile, page: &Path) -> Outcome<Command> {
    let mut playwright = command("npx");
    playwright.current_dir(root().join("e2e")).args(["playwright", "test"]);
    playwright
        .env("LATCHKEY_BIN", api.binary())
        .env("LATCHKEY_PAGE", page)
        .env("CHROMIUM", tools::chromium()?);
    Ok(playwright)
}
