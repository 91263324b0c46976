//! The words behind the program's name. A word that is wrong may be a password in the wrong place: it is not repeated.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgMatches, Args, Command, Error, FromArgMatches as _, Parser};
use std::ffi::OsString;
use std::path::PathBuf;

/// The files that settings are read from. They may be named before a command and behind it, and every one of them counts.
#[derive(Args, Debug, Default, PartialEq, Eq)]
pub struct SettingsFiles {
    /// The settings' file; latchkey.toml in this folder is read without being named.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// A file of variables, as systemd's EnvironmentFile: its LATCHKEY_… take the place of the environment's.
    #[arg(long, value_name = "FILE")]
    pub env_file: Vec<PathBuf>,
}

/// Reads the words, or says what is wrong with them and ends.
pub fn parse<T: Parser>() -> (T, SettingsFiles) {
    try_parse(std::env::args_os()).unwrap_or_else(|error| redact_values(error).exit())
}

fn try_parse<T: Parser>(arguments: impl IntoIterator<Item = OsString>) -> Result<(T, SettingsFiles), Error> {
    let mut command = with_files(T::command());
    let matches = command.try_get_matches_from_mut(arguments)?;
    let format = |error: Error| error.format(&mut command.clone());
    let files = files(&matches).map_err(format)?;
    Ok((T::from_arg_matches(&matches).map_err(format)?, files))
}

/// Each command takes them for itself: of an argument that clap hands down, it keeps only the innermost values.
fn with_files(command: Command) -> Command {
    SettingsFiles::augment_args(command).mut_subcommands(with_files)
}

/// Those of all levels, the outermost first.
fn files(matches: &ArgMatches) -> Result<SettingsFiles, Error> {
    let mut files = SettingsFiles::from_arg_matches(matches)?;
    let Some((_, inner)) = matches.subcommand() else { return Ok(files) };
    let inner = self::files(inner)?;
    if files.config.is_some() && inner.config.is_some() {
        let message = "--config is given before and behind a command: settings come from one file";
        return Err(Error::raw(ErrorKind::ArgumentConflict, message));
    }
    files.config = files.config.or(inner.config);
    files.env_file.extend(inner.env_file);
    Ok(files)
}

fn redact_values(mut error: Error) -> Error {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return error;
    }
    for kind in [ContextKind::InvalidArg, ContextKind::InvalidValue, ContextKind::InvalidSubcommand] {
        let Some(ContextValue::String(word)) = error.get(kind) else { continue };
        let redacted = ContextValue::String(redact(word));
        error.insert(kind, redacted);
    }
    // They are made of the word as it was typed.
    for kind in [ContextKind::Suggested, ContextKind::TrailingArg] {
        error.remove(kind);
    }
    error
}

/// The name of an option; of anything else nothing.
fn redact(word: &str) -> String {
    let name = word.split(['=', ' ']).next().unwrap_or_default();
    let is_name = name.starts_with("--") && name.chars().all(|c| c == '-' || c.is_ascii_lowercase());
    if is_name { name.to_owned() } else { "…".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Subcommand;

    #[derive(Parser, Debug)]
    struct TestArguments {
        #[command(subcommand)]
        _command: Option<TestCommand>,
    }

    #[derive(Subcommand, Debug)]
    enum TestCommand {
        #[command(subcommand)]
        Keys(TestKeysCommand),
    }

    #[derive(Subcommand, Debug)]
    enum TestKeysCommand {
        Rotate,
    }

    fn read(words: &str) -> Result<SettingsFiles, Error> {
        let words = ["latchkey"].into_iter().chain(words.split_whitespace());
        try_parse::<TestArguments>(words.map(OsString::from)).map(|(_, files)| files)
    }

    #[test]
    fn files_of_variables_count_wherever_they_are_named_in_the_order_in_which_they_are() {
        for (words, named) in [
            ("", &[][..]),
            ("--env-file a", &["a"]),
            ("--env-file a --env-file=b", &["a", "b"]),
            ("keys rotate --env-file a", &["a"]),
            ("--env-file a keys --env-file b rotate --env-file c --env-file d", &["a", "b", "c", "d"]),
        ] {
            let named: Vec<_> = named.iter().map(PathBuf::from).collect();
            assert_eq!(read(words).unwrap().env_file, named, "{words}");
        }
    }

    #[test]
    fn one_settings_file_is_named_anywhere_and_a_second_one_is_refused() {
        for words in
            ["--config a", "--config a keys rotate", "keys --config a rotate", "keys rotate --config a"]
        {
            assert_eq!(read(words).unwrap().config, Some(PathBuf::from("a")), "{words}");
        }
        for words in [
            "--config a --config b",
            "--config a keys rotate --config b",
            "--config a keys --config a rotate",
            "keys --config a rotate --config b",
        ] {
            let error = read(words).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ArgumentConflict, "{words}");
            assert!(error.to_string().contains("--config"), "{words}: {error}");
        }
    }
}
