//! Why a command stopped early.

use std::fmt::Display;

/// What a step of a command comes to.
pub type Outcome<T = ()> = Result<T, Failure>;

/// Why a command stopped early.
#[derive(Debug)]
pub enum Failure {
    /// Somebody pressed Ctrl-C or asked the process to end.
    Interrupted,
    /// One line for the person.
    Message(String),
    /// Something failed, and the person has been told all about it.
    Reported,
}

impl Failure {
    /// The words were not understood.
    pub fn unknown(word: &str) -> Self {
        Self::Message(format!("cargo xtask does not know `{word}`; `cargo xtask help` lists what there is."))
    }

    /// The line for the person.
    pub fn message(why: impl Into<String>) -> Self {
        Self::Message(why.into())
    }
}

/// Says what was being done when something else went wrong.
pub trait Context<T> {
    /// Turns the error into one line: `could not …: …`.
    fn context(self, what: impl Display) -> Outcome<T>;
}

impl<T, E: Display> Context<T> for Result<T, E> {
    fn context(self, what: impl Display) -> Outcome<T> {
        self.map_err(|error| Failure::Message(format!("Could not {what}: {error}")))
    }
}
