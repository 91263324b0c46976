//! Packages of the operating system that the tests need, installed with apt-get where that is possible.

use crate::failure::Outcome;
use crate::process::{output_of, run};
use crate::workspace::command;
use crate::{postgres, python, tools};
use nix::unistd::Uid;
use std::io::{BufRead, IsTerminal, Write, stderr, stdin};
use std::path::Path;
use std::process::Command;

/// A package of Debian, and how to tell that what it brings is there already.
pub struct Package {
    name: &'static str,
    is_here: fn() -> bool,
    /// Whether all goes on without it, only slower.
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
/// The same engine as Chromium's, without windows: half the work. Not every release has it.
const HEADLESS_SHELL: Package = Package {
    name: "chromium-headless-shell",
    is_here: || on_path("chromium-headless-shell"),
    optional: true,
};

/// The tests of the API.
pub const API: &[Package] = programs!["openssl" from "openssl"];
/// The same tests on PostgreSQL, and behind a pooler.
pub const ON_POSTGRES: &[Package] = &[POSTGRES, Package::new("pgbouncer", || on_path("pgbouncer"))];
/// The API against its description, and tools that come through pip.
pub const WITH_PYTHON: &[Package] = &[PYTHON];
/// The unit tests of the page.
pub const PAGE: &[Package] = &[CHROMIUM, CHROMEDRIVER];
/// The browser tests. A page without its Korean font is measured wrongly.
pub const BROWSER: &[Package] = &[CHROMIUM, CHROMEDRIVER, HEADLESS_SHELL, FONTS, FONT_LIST, PYTHON, POSTGRES];
/// The samples of the documents, which the browser tests run.
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
/// Firefox, and WebKit on a display in memory.
pub const ENGINES: &[Package] = programs![
    "firefox-esr" from "firefox-esr",
    "WebKitWebDriver" from "webkit2gtk-driver",
    "Xvfb" from "xvfb",
];
/// Installs what is missing of these, if the machine has apt-get and we may use it. What stays missing is told by the
/// part that needs it: it is left out, and on a build server it fails.
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

/// The names of what is missing, each once: what is needed, and what is only wished for.
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

/// How apt-get may be called here.
struct Apt {
    with_sudo: bool,
}

impl Apt {
    /// Root may, and whoever needs no password for sudo; at a terminal the person is asked. `None`: nobody may.
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
        // Through env in both: sudo drops variables.
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

/// Whether a program lies on the PATH, or where servers lie.
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
