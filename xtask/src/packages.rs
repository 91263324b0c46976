//! Packages of the operating system that the tests need, installed with apt-get where that is possible.

use crate::failure::Outcome;
use crate::process::{output_of, run};
use crate::workspace::command;
use crate::{postgres, python, tools};
use nix::unistd::Uid;
use std::io::{BufRead, IsTerminal, Write, stderr, stdin};
use std::path::Path;
use std::process::Command;

/// A Debian package, and a check for whether what it provides is already installed.
pub struct Package {
    name: &'static str,
    is_here: fn() -> bool,
    /// `true` if everything works without it, only slower.
    optional: bool,
}

impl Package {
    const fn new(name: &'static str, is_here: fn() -> bool) -> Self {
        Self { name, is_here, optional: false }
    }
}

macro_rules! programs {
    ($($program:literal from $package:literal),+ $(,)?) => {
        &[$(Package::new($package, || on_path($program))),+]
    };
}

const PYTHON: Package = Package::new("python3-venv", python::is_here);
const POSTGRES: Package = Package::new("postgresql", || postgres::programs().is_some());
const CHROMIUM: Package = Package::new("chromium", || tools::chromium().is_ok());
const CHROMEDRIVER: Package = Package::new("chromium-driver", || on_path("chromedriver"));
const FONTS: Package = Package::new("fonts-noto-cjk", has_korean_font);
const FONT_LIST: Package = Package::new("fontconfig", || on_path("fc-list"));
/// Chromium's engine without windows: half the work. Not every Debian release has it.
const HEADLESS_SHELL: Package = Package {
    name: "chromium-headless-shell",
    is_here: || on_path("chromium-headless-shell"),
    optional: true,
};

/// Packages for the API's tests.
pub const API: &[Package] = programs!["openssl" from "openssl"];
/// Packages for the same tests on PostgreSQL, and behind a pooler.
pub const ON_POSTGRES: &[Package] = &[POSTGRES, Package::new("pgbouncer", || on_path("pgbouncer"))];
/// Packages for checking the API against its description, and for tools that are installed with pip.
pub const WITH_PYTHON: &[Package] = &[PYTHON];
/// Packages for the page's unit tests.
pub const PAGE: &[Package] = &[CHROMIUM, CHROMEDRIVER];
/// Packages for the browser tests. Without the Korean font, the page's layout is measured wrongly.
pub const BROWSER: &[Package] = &[CHROMIUM, CHROMEDRIVER, HEADLESS_SHELL, FONTS, FONT_LIST, PYTHON, POSTGRES];
/// Packages for the documents' samples, which the browser tests run.
pub const SAMPLES: &[Package] = programs![
    "caddy" from "caddy",
    "nginx" from "nginx",
    "curl" from "curl",
    "flock" from "util-linux",
    "jq" from "jq",
    "sqlite3" from "sqlite3",
    "go" from "golang-go",
    "javac" from "default-jdk-headless",
];
/// A library of the sample in Java.
pub const GSON: &[Package] =
    &[Package::new("libgoogle-gson-java", || Path::new("/usr/share/java/gson.jar").exists())];
/// Packages for Firefox, and for WebKit on a virtual display.
pub const ENGINES: &[Package] = programs![
    "firefox-esr" from "firefox-esr",
    "WebKitWebDriver" from "webkit2gtk-driver",
    "Xvfb" from "xvfb",
];
/// Installs the missing packages, if the machine has apt-get and the user may run it. The part that needs a package
/// which stays missing reports that: it is skipped, and on CI it fails.
pub fn install(groups: &[&[Package]]) -> Outcome {
    let (needed, wished) = missing(groups);
    if (needed.is_empty() && wished.is_empty()) || !on_path("apt-get") {
        return Ok(());
    }
    let Some(apt) = Apt::allowed(&needed)? else { return Ok(()) };
    apt.run("update", &["-qq"])?;
    if !needed.is_empty() {
        println!("Installing {}", needed.join(" "));
        apt.install(&needed)?;
    }
    for name in wished {
        if !apt.install(&[name])? {
            println!("{name} cannot be had here: the tests take a little longer without it.");
        }
    }
    Ok(())
}

/// Returns the names of the missing packages, each once: required ones, and optional ones.
fn missing(groups: &[&[Package]]) -> (Vec<&'static str>, Vec<&'static str>) {
    let (mut needed, mut wished) = (Vec::new(), Vec::new());
    for package in groups.iter().copied().flatten() {
        let names = if package.optional { &mut wished } else { &mut needed };
        if !names.contains(&package.name) && !(package.is_here)() {
            names.push(package.name);
        }
    }
    (needed, wished)
}

/// Permitted way to run apt-get.
struct Apt {
    with_sudo: bool,
}

impl Apt {
    /// Root may run it, and so may a user who needs no password for sudo; at a terminal the user is asked. `None`: not
    /// permitted.
    fn allowed(missing: &[&str]) -> Outcome<Option<Self>> {
        if Uid::effective().is_root() {
            return Ok(Some(Self { with_sudo: false }));
        }
        if output_of(Command::new("sudo").args(["-n", "true"])).is_some() {
            return Ok(Some(Self { with_sudo: true }));
        }
        if missing.is_empty() {
            return Ok(None);
        }
        let call = format!("sudo apt-get install {}", missing.join(" "));
        if stdin().is_terminal() && confirmed(&format!("Some tests need more: `{call}`. Run it now? [y/N] "))
        {
            return Ok(Some(Self { with_sudo: true }));
        }
        println!("Some tests need more, and are left out without it: `{call}` brings it.");
        Ok(None)
    }

    fn install(&self, packages: &[&str]) -> Outcome<bool> {
        self.run("install", &[&["-qq", "--yes", "--no-install-recommends"], packages].concat())
    }

    fn run(&self, verb: &str, words: &[&str]) -> Outcome<bool> {
        let mut apt = if self.with_sudo { command("sudo") } else { command("env") };
        // With and without sudo the variables are set through env: sudo drops them.
        if self.with_sudo {
            apt.arg("env");
        }
        apt.args(["DEBIAN_FRONTEND=noninteractive", "apt-get", verb]).args(words);
        run("apt-get", &mut apt)
    }
}

fn confirmed(question: &str) -> bool {
    let mut answer = String::new();
    let asked = write!(stderr(), "{question}").and_then(|()| stdin().lock().read_line(&mut answer));
    asked.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}

/// Returns `true` if a program is on the PATH, or in a folder for system programs.
fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let servers = ["/usr/sbin", "/usr/local/sbin"].map(Into::into);
    std::env::split_paths(&path).chain(servers).any(|folder| folder.join(program).is_file())
}

fn has_korean_font() -> bool {
    output_of(&mut Command::new("fc-list")).is_some_and(|list| list.contains("CJK"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_missing_is_installed_and_once() {
        let gone = |name, optional| Package { name, is_here: || false, optional };
        let first = [Package::new("here", || true), gone("gone", false)];
        let second = [gone("wished", true), gone("gone", false), gone("other", false)];
        assert_eq!(missing(&[&first, &second]), (vec!["gone", "other"], vec!["wished"]));
    }

    #[test]
    fn programs_are_found_on_the_path_and_nowhere_else() {
        assert!(on_path("sh"));
        assert!(!on_path("no-such-program"));
    }
}
