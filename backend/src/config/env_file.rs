//! Environment file, read as systemd reads an `EnvironmentFile` (systemd.exec(5)): no shell is involved, so that `&`,
//! `$` and spaces in a value are literal. Lines that systemd would silently ignore are rejected here.

use super::ConfigError;
use std::path::Path;

/// Returns the variables of the file, in their order; of two with one name the later one counts.
pub fn read(file: &Path) -> Result<Vec<(String, String)>, ConfigError> {
    let failed = |what: String| ConfigError::new(format!("--env-file {}: {what}", file.display()));
    let text = std::fs::read(file).map_err(|error| failed(error.to_string()))?;
    let text = String::from_utf8(text).map_err(|_| failed("it is not UTF-8".to_owned()))?;
    parse(&text).map_err(|SyntaxError { line, what }| failed(format!("line {line}: {what}")))
}

/// Line that sets nothing. The line itself is not repeated: it may contain a secret.
#[derive(Debug, PartialEq, Eq)]
struct SyntaxError {
    line: usize,
    what: &'static str,
}

fn parse(text: &str) -> Result<Vec<(String, String)>, SyntaxError> {
    let mut reader = Reader { rest: text.chars(), line: 1 };
    let mut found = Vec::new();
    while let Some(first) = reader.next_visible() {
        let line = reader.line;
        let fault = |what| SyntaxError { line, what };
        if matches!(first, '#' | ';') {
            reader.comment().map_err(fault)?;
            continue;
        }
        let name = reader.name(first).map_err(fault)?;
        let value = reader.value().map_err(fault)?;
        found.push((name, value));
    }
    Ok(found)
}

struct Reader<'a> {
    rest: std::str::Chars<'a>,
    line: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let next = self.rest.next()?;
        self.line += usize::from(next == '\n');
        Some(next)
    }

    fn next_visible(&mut self) -> Option<char> {
        loop {
            let next = self.next()?;
            if !is_space(next) {
                return Some(next);
            }
        }
    }

    /// Reads up to the end of the line, and rejects a backslash there, which systemd interprets in two ways: up to
    /// version 253 the next line belongs to the comment, from 254 on it sets something.
    fn comment(&mut self) -> Result<(), &'static str> {
        while let Some(next) = self.next() {
            match next {
                '\\' if matches!(self.next(), Some('\n' | '\r')) => return Err(CONTINUED),
                '\n' | '\r' => break,
                _ => {}
            }
        }
        Ok(())
    }

    fn name(&mut self, first: char) -> Result<String, &'static str> {
        let mut name = String::from(first);
        loop {
            match self.next() {
                None | Some('\n' | '\r') => return Err("expected NAME=VALUE"),
                Some('=') => break,
                Some(next) => name.push(next),
            }
        }
        let name = name.trim_end_matches(is_space);
        let is_letter = |c: char| c == '_' || c.is_ascii_alphanumeric();
        if name.starts_with("export") && name.contains(is_space) {
            return Err("systemd reads no `export`: write NAME=VALUE alone");
        }
        if !name.chars().all(is_letter) || name.starts_with(|c: char| c.is_ascii_digit()) {
            return Err("a name has letters, digits and underscores alone");
        }
        Ok(name.to_owned())
    }

    /// Reads quoted and plain parts, one after the other, up to the end of the line. Spaces around a part are removed.
    fn value(&mut self) -> Result<String, &'static str> {
        let mut value = String::new();
        loop {
            match self.next() {
                None | Some('\n' | '\r') => return Ok(value),
                Some('\'') => self.single_quoted(&mut value)?,
                Some('"') => self.double_quoted(&mut value)?,
                Some(c) if is_space(c) => {}
                Some(c) => {
                    self.plain(c, &mut value);
                    return Ok(value);
                }
            }
        }
    }

    /// Reads the rest of the line. A quote in the middle of it is literal.
    fn plain(&mut self, first: char, value: &mut String) {
        let mut next = Some(first);
        // Length of the value without its trailing spaces, which are removed; an escaped one is kept.
        let mut kept = value.len();
        while let Some(c) = next {
            match c {
                '\n' | '\r' => break,
                '\\' => {
                    value.extend(self.next().filter(|c| !matches!(c, '\n' | '\r')));
                    kept = value.len();
                }
                c => {
                    value.push(c);
                    if !is_space(c) {
                        kept = value.len();
                    }
                }
            }
            next = self.next();
        }
        value.truncate(kept);
    }

    fn single_quoted(&mut self, value: &mut String) -> Result<(), &'static str> {
        loop {
            match self.next().ok_or(UNFINISHED)? {
                '\'' => return Ok(()),
                c => value.push(c),
            }
        }
    }

    fn double_quoted(&mut self, value: &mut String) -> Result<(), &'static str> {
        loop {
            match self.next().ok_or(UNFINISHED)? {
                '"' => return Ok(()),
                '\\' => match self.next().ok_or(UNFINISHED)? {
                    c @ ('"' | '\\' | '`' | '$') => value.push(c),
                    '\n' => {}
                    c => value.extend(['\\', c]),
                },
                c => value.push(c),
            }
        }
    }
}

const CONTINUED: &str = "a comment ends with a backslash, and whether the next line belongs to it depends on systemd's version: take the backslash away";
const UNFINISHED: &str = "a quotation is not closed";

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(line: &str) -> String {
        let found = parse(&format!("A={line}\nB=next\n")).unwrap();
        let [(a, value), (b, next)] = found.as_slice() else { panic!("{line}: {found:?}") };
        assert_eq!((a.as_str(), b.as_str(), next.as_str()), ("A", "B", "next"), "{line}");
        value.clone()
    }

    /// Expected values: those that `systemd-run --property=EnvironmentFile=…` shows.
    #[test]
    fn values_are_what_systemd_takes_them_for() {
        for (line, expected) in [
            ("", ""),
            ("plain", "plain"),
            ("  around \t", "around"),
            ("two words", "two words"),
            ("postgres://u:p&w@h/db?sslmode=require&a=b", "postgres://u:p&w@h/db?sslmode=require&a=b"),
            ("a#b", "a#b"),
            ("a #b", "a #b"),
            ("$HOME `x` ~", "$HOME `x` ~"),
            ("a=b", "a=b"),
            ("'a & \"b\" \\ $c '", "a & \"b\" \\ $c "),
            ("\"a & 'b' \\\" \\\\ \\$c \\n \"", "a & 'b' \" \\ $c \\n "),
            ("'a' 'b'\"c\"", "abc"),
            ("'a'b", "ab"),
            ("a'b'", "a'b'"),
            ("a\\ \\ ", "a  "),
            ("a\\\nb", "ab"),
            ("\"a\\\nb\"", "ab"),
            ("'two\nlines'", "two\nlines"),
            ("\"two\nlines\"", "two\nlines"),
            ("\\'a", "'a"),
        ] {
            assert_eq!(value(line), expected, "{line:?}");
        }
    }

    #[test]
    fn comments_and_empty_lines_set_nothing() {
        let text = "\n# A=1\n; A=2\n  # with 'quotes\n# A=3 \\\\\n# \\srv\\a\n\t\nA=4\r\n B = 5\nA=6";
        let expected = [("A", "4"), ("B", "5"), ("A", "6")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(parse(text).unwrap(), expected);
    }

    #[test]
    fn what_systemd_would_pass_over_in_silence_or_read_in_two_ways_is_refused_by_its_line() {
        for (text, line, part) in [
            ("A=1\n# goes \\\non B=hunter2\n", 2, "backslash"),
            ("A=1\n; on \\\\srv\\wiki\\\r\nB=hunter2\n", 2, "backslash"),
            ("A=1\nexport B=hunter2\n", 2, "export"),
            ("A=1\n\nhunter2\n", 3, "NAME=VALUE"),
            ("A=1\nB-C=hunter2", 2, "letters"),
            ("1A=hunter2", 1, "letters"),
            ("=hunter2", 1, "NAME=VALUE"),
            ("A='hunter2\nB=2\n", 1, "closed"),
            ("A=1\nB=\"hunter2", 2, "closed"),
        ] {
            let SyntaxError { line: at, what } = parse(text).unwrap_err();
            assert_eq!(at, line, "{text:?}");
            assert!(what.contains(part), "{text:?}: {what}");
        }
    }
}
