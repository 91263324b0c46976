//! The words behind the program's name. A word that is wrong may be a password in the wrong place: it is not repeated.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Error, Parser};

/// Reads the words, or says what is wrong with them and ends.
pub fn read<T: Parser>() -> T {
    T::try_parse().unwrap_or_else(|error| without_values(error).exit())
}

fn without_values(mut error: Error) -> Error {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return error;
    }
    for kind in [ContextKind::InvalidArg, ContextKind::InvalidValue, ContextKind::InvalidSubcommand] {
        let Some(ContextValue::String(word)) = error.get(kind) else { continue };
        let told = ContextValue::String(told(word));
        error.insert(kind, told);
    }
    // They are made of the word as it was typed.
    for kind in [ContextKind::Suggested, ContextKind::TrailingArg] {
        error.remove(kind);
    }
    error
}

/// The name of an option; of anything else nothing.
fn told(word: &str) -> String {
    let name = word.split(['=', ' ']).next().unwrap_or_default();
    let is_name = name.starts_with("--") && name.chars().all(|c| c == '-' || c.is_ascii_lowercase());
    if is_name { name.to_owned() } else { "…".to_owned() }
}
