//! Source files, without comments and string literals.

use super::paths;
use std::path::{Path, PathBuf};

pub struct Source {
    /// Path relative to the workspace's root, with slashes.
    pub path: String,
    pub code: String,
    /// Every path that the code contains, `use` declarations expanded: `crate::db::StoreError`.
    pub paths: Vec<String>,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        let code = bare(text);
        Self { path: path.to_owned(), paths: paths::in_code(&code), code }
    }

    /// Returns `true` if the code contains a path that begins with `name`, or contains it after `crate::`, `self::` and
    /// `super::`.
    pub fn uses(&self, name: &str) -> bool {
        self.paths.iter().any(|path| {
            let mut path = path.as_str();
            while let Some(rest) =
                ["crate::", "self::", "super::"].iter().find_map(|start| path.strip_prefix(start))
            {
                path = rest;
            }
            path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        })
    }

    /// Returns the domain or infrastructure module of the file: `accounts` for `backend/src/accounts/store.rs`.
    pub fn part(&self) -> &str {
        let inside = self.path.split_once("/src/").map_or("", |(_, inside)| inside);
        inside.split(['/', '.']).next().unwrap_or_default()
    }

    pub fn file(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

pub fn sources() -> Vec<Source> {
    ["backend/src", "shared/src", "frontend/src"].into_iter().flat_map(under).collect()
}

pub fn under(folder: &str) -> Vec<Source> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root().join(folder)).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{folder}/{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            found.extend(under(&path));
        } else if path.ends_with(".rs") {
            found.push(Source::new(&path, &std::fs::read_to_string(entry.path()).unwrap()));
        }
    }
    found
}

/// Returns the code without comments, and with every string literal emptied.
fn bare(text: &str) -> String {
    let mut code = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let skipped = skip(rest);
        if skipped > 0 {
            code.push(' ');
            rest = &rest[skipped..];
        } else {
            code.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    code
}

/// Returns the number of bytes at the start that form a comment, a string literal or a character literal.
fn skip(rest: &str) -> usize {
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return block_comment(rest);
    }
    if let Some(raw) = rest.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let start = hashes + 2;
            return rest[start..].find(&end).map_or(rest.len(), |at| start + at + end.len());
        }
    }
    if rest.starts_with('"') {
        return text_literal(rest);
    }
    // Of the character literals, only the quote could be mistaken for something else.
    ["'\"'", "'\\\"'"].iter().find(|quote| rest.starts_with(**quote)).map_or(0, |quote| quote.len())
}

/// Returns the length of a block comment; block comments nest.
fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        let here = &rest.as_bytes()[at..];
        if here.starts_with(b"/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if here.starts_with(b"*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

fn text_literal(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}
