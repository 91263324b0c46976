//! Errors that end a command early.

use std::fmt::Display;

/// Result of a step of a command.
pub type Outcome<T = ()> = Result<T, Failure>;

/// Reason why a command stopped early.
#[derive(Debug)]
pub enum Failure {
    /// Ctrl-C was pressed, or the process was asked to end.
    Interrupted,
    /// Error message of one line.
    Message(String),
    /// The failure has already been reported in full.
    Reported,
}

impl Failure {
    /// Creates the error for an unknown argument.
    pub fn unknown(word: &str) -> Self {
        Self::Message(format!("cargo xtask does not know `{word}`; `cargo xtask help` lists what there is."))
    }

    /// Creates the error with this message.
    pub fn message(why: impl Into<String>) -> Self {
        Self::Message(why.into())
    }
}

/// Adds the failed action to an error.
pub trait Context<T> {
    /// Converts the error into one line: `could not …: …`.
    fn context(self, what: impl Display) -> Outcome<T>;
}

impl<T, E: Display> Context<T> for Result<T, E> {
    fn context(self, what: impl Display) -> Outcome<T> {
        self.map_err(|error| Failure::Message(format!("Could not {what}: {error}")))
    }
}
