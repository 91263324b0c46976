//! Drivers of the engines other than Chromium's: Firefox through geckodriver, WebKit through its own driver on a
//! virtual display.

use crate::failure::Outcome;
use crate::{e2e, tools};
use std::path::Path;
use std::process::Command;

/// An engine, by the name that the tests use.
struct Engine {
    name: &'static str,
    /// Debian's programs that drive the engine, and the packages that provide them.
    programs: &'static [&'static str],
    packages: &'static str,
}

const ENGINES: [Engine; 2] = [
    Engine { name: "firefox", programs: &["firefox-esr"], packages: "firefox-esr" },
    Engine { name: "webkit", programs: &["WebKitWebDriver", "Xvfb"], packages: "webkit2gtk-driver xvfb" },
];

/// Returns the engines that can be driven here, separated by spaces, and a message for each that cannot.
pub fn found() -> (String, Vec<String>) {
    let (here, missing): (Vec<_>, Vec<_>) = ENGINES.iter().partition(|engine| engine.is_here());
    let names: Vec<_> = here.iter().map(|engine| engine.name).collect();
    (names.join(" "), missing.iter().map(|engine| engine.missing()).collect())
}

/// Configuration files of the runs in these engines.
pub const TESTS: &str = "playwright.config.ts";
pub const PICTURES: &str = "shots.config.ts";

/// Returns Playwright's runner with these engines; `None` if something does not build, which has been reported by then.
pub fn runner(what: &str, engines: &str) -> Outcome<Option<Command>> {
    if engines.contains("firefox") {
        tools::geckodriver()?;
    }
    let Some(mut runner) = e2e::playwright()? else { return Ok(None) };
    runner.args(["--config", &format!("engines/{what}")]).env("LATCHKEY_ENGINES", engines);
    Ok(Some(runner))
}

impl Engine {
    fn is_here(&self) -> bool {
        self.programs.iter().all(|program| Path::new("/usr/bin").join(program).is_file())
    }

    fn missing(&self) -> String {
        let Self { name, packages, .. } = self;
        format!("The page was not tried in {name}: `apt-get install {packages}` brings what that takes.")
    }
}
