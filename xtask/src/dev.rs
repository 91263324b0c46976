//! `cargo xtask dev`: the API and the page, rebuilt as the code changes.

use crate::api::{self, Profile};
use crate::failure::{Failure, Outcome};
use crate::process::Process;
use crate::watch::SourceWatcher;
use crate::{interrupt, page, tools, web};
use std::fs;
use std::time::{Duration, SystemTime};

/// Trunk.toml forwards /api to the first port; the browser opens the second one.
const API_PORT: u16 = 3000;
const PAGE_PORT: u16 = 8080;

const API_TIMEOUT: Duration = Duration::from_secs(30);

/// Options of `dev`.
#[derive(Debug, Default)]
pub struct Options {
    profile: Profile,
}

impl Options {
    /// Parses the arguments after `dev`.
    pub fn parse(words: &[&str]) -> Outcome<Self> {
        match words {
            [] => Ok(Self::default()),
            ["--release"] => Ok(Self { profile: Profile::Release }),
            [unknown, ..] => Err(Failure::unknown(unknown)),
        }
    }
}

/// Runs until Ctrl-C, or until one of the two programs ends by itself.
pub fn run(options: &Options) -> Outcome {
    match serve(options.profile) {
        Err(Failure::Interrupted) => {
            println!("\nBoth are stopped.");
            Ok(())
        }
        other => other,
    }
}

fn serve(profile: Profile) -> Outcome {
    ports_are_free()?;
    // The first start compiles four programs: the API uses the cores that building the tools leaves idle.
    let ahead = api::build_ahead(profile)?;
    tools::install_page_tools()?;
    println!("Building the API: about 2 min on two cores the first time, then seconds");
    let built = ahead.wait()?;
    if !built && !api::build(profile)? {
        return Err(Failure::message("The API does not build; see above."));
    }
    let mut code = SourceWatcher::watch()?;
    let mut api = start_api(profile)?;
    println!("Building the page: about 1 min on two cores the first time, then seconds");
    let mut page = page::serve(PAGE_PORT)?;
    let mut announced = false;
    loop {
        interrupt::pause()?;
        page.must_run()?;
        api.must_run()?;
        // There is no time limit: the first build may take long or fail; Trunk reports that, and builds again after the
        // next edit.
        if !announced && web::answers(PAGE_PORT, "/") {
            println!("\n  Latchkey is at http://localhost:{PAGE_PORT}   (Ctrl-C stops it)\n");
            announced = true;
        }
        if code.has_changed() {
            rebuild(profile, &mut api)?;
        }
    }
}

fn ports_are_free() -> Outcome {
    match [API_PORT, PAGE_PORT].into_iter().find(|port| web::is_taken(*port)) {
        None => Ok(()),
        Some(port) => Err(Failure::message(format!(
            "Port {port} is taken: is `cargo xtask dev` running already? It needs {API_PORT} and {PAGE_PORT}."
        ))),
    }
}

fn start_api(profile: Profile) -> Outcome<Process> {
    let mut api = api::start(profile, API_PORT)?;
    let ready = interrupt::wait_until(API_TIMEOUT, || {
        api.must_run()?;
        Ok(web::answers(API_PORT, "/api/health/ready"))
    })?;
    if ready { Ok(api) } else { Err(Failure::message("The API runs, but does not become ready; see above.")) }
}

fn rebuild(profile: Profile, api: &mut Process) -> Outcome {
    let before = built_at(profile);
    if !api::build(profile)? {
        println!("The API does not build; the one from before keeps running.");
    } else if built_at(profile) != before {
        api.stop();
        *api = start_api(profile)?;
        println!("The API runs again, with the changes.");
    }
    Ok(())
}

fn built_at(profile: Profile) -> Option<SystemTime> {
    fs::metadata(profile.binary()).and_then(|facts| facts.modified()).ok()
}
