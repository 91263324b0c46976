//! A new password from whoever runs a command: typed twice without being seen, or one line from a pipe.

use latchkey_shared::Secret;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _, stderr, stdin};
use zeroize::Zeroizing;

/// More than any password has.
const LONGEST: u64 = 4096;

/// Why there is no password. What was typed is not repeated.
#[derive(Debug, thiserror::Error)]
pub enum PasswordInputError {
    /// The terminal or the pipe fails.
    #[error("cannot read the password: {0}")]
    System(#[from] io::Error),
    /// The two are not the same.
    #[error("the two passwords differ; nothing has changed")]
    Differs,
    /// Ctrl-C, or the end of the input.
    #[error("no password was typed; nothing has changed")]
    Cancelled,
    /// Several lines came.
    #[error("expected the password alone, on one line of standard input")]
    Lines,
}

/// Asks for it.
pub fn prompt_password() -> Result<Secret, PasswordInputError> {
    if !stdin().is_terminal() {
        return read_piped(stdin().lock());
    }
    let first = read_typed("New password: ")?;
    if read_typed("Once more: ")? == first { Ok(first) } else { Err(PasswordInputError::Differs) }
}

/// One line; the end of the line is no part of it.
fn read_piped(input: impl io::Read) -> Result<Secret, PasswordInputError> {
    let mut text = Zeroizing::new(String::new());
    input.take(LONGEST).read_to_string(&mut text)?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() {
        return Err(PasswordInputError::Cancelled);
    }
    if line.contains(['\n', '\r']) { Err(PasswordInputError::Lines) } else { Ok(Secret::from(line)) }
}

fn read_typed(prompt: &str) -> Result<Secret, PasswordInputError> {
    let echo_off = EchoOff::begin()?;
    stderr().write_all(prompt.as_bytes())?;
    let mut line = Zeroizing::new(String::new());
    let read = stdin().lock().take(LONGEST).read_line(&mut line);
    drop(echo_off);
    stderr().write_all(b"\n")?;
    read?;
    let text = line.trim_end_matches(['\r', '\n']);
    let is_cancelled = text.is_empty() || text.contains(char::is_control);
    if is_cancelled { Err(PasswordInputError::Cancelled) } else { Ok(Secret::from(text)) }
}

/// A terminal that does not show what is typed, for as long as this lives. Ctrl-C is a letter meanwhile: it would leave the
/// terminal like that.
struct EchoOff(rustix::termios::Termios);

impl EchoOff {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(stdin())?;
        let mut without = before.clone();
        without.local_modes.remove(LocalModes::ECHO | LocalModes::ISIG);
        tcsetattr(stdin(), OptionalActions::Flush, &without)?;
        Ok(Self(before))
    }
}

impl Drop for EchoOff {
    fn drop(&mut self) {
        tcsetattr(stdin(), OptionalActions::Flush, &self.0).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_from_a_pipe_is_one_line_to_the_letter() {
        for (text, password) in [
            ("correct horse", "correct horse"),
            ("correct horse\n", "correct horse"),
            ("correct horse\r\n", "correct horse"),
            (" spaces stay ", " spaces stay "),
        ] {
            assert_eq!(read_piped(text.as_bytes()).unwrap().expose(), password);
        }
        for text in ["", "\n", "\r\n"] {
            assert!(matches!(read_piped(text.as_bytes()), Err(PasswordInputError::Cancelled)), "{text:?}");
        }
        for text in ["a\nb", "a\nb\n", "a\n\n", "a\rb"] {
            assert!(matches!(read_piped(text.as_bytes()), Err(PasswordInputError::Lines)), "{text:?}");
        }
        assert!(matches!(read_piped(&b"\xff\n"[..]), Err(PasswordInputError::System(_))));
    }
}
