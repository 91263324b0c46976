//! Paths that occur in code.

/// Returns every path of at least two segments, and every `use` declaration with its braces expanded.
pub fn in_code(code: &str) -> Vec<String> {
    let tokens = tokens(code);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        // `impl Trait + use<>` is not a declaration.
        if tokens[at] == "use" && tokens.get(at + 1) != Some(&"<") {
            at = tree(&tokens, at + 1, "", &mut found);
        } else if is_name(tokens[at]) {
            let start = at;
            while tokens.get(at + 1) == Some(&"::") && tokens.get(at + 2).is_some_and(|next| is_name(next)) {
                at += 2;
            }
            if at > start {
                found.push(tokens[start..=at].concat());
            }
            at += 1;
        } else {
            at += 1;
        }
    }
    found
}

/// Parses one `use` tree and returns the index after it.
fn tree(tokens: &[&str], mut at: usize, before: &str, found: &mut Vec<String>) -> usize {
    let mut path = before.to_owned();
    while let Some(token) = tokens.get(at) {
        match *token {
            "{" => {
                at += 1;
                while tokens.get(at).is_some_and(|token| !["}", ";"].contains(token)) {
                    at = tree(tokens, at, &path, found);
                    at += usize::from(tokens.get(at) == Some(&","));
                }
                return at + 1;
            }
            ";" | "," | "}" => break,
            "::" if path.is_empty() => {}
            "as" => at += 1,
            "self" if !before.is_empty() => {}
            token => path.push_str(token),
        }
        at += 1;
    }
    found.push(path.trim_end_matches("::").to_owned());
    at
}

fn tokens(code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            c if is_part_of_name(c) => rest.find(|c| !is_part_of_name(c)).unwrap_or(rest.len()),
            _ if rest.starts_with("::") => 2,
            c => c.len_utf8(),
        };
        tokens.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    tokens
}

fn is_part_of_name(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

fn is_name(token: &str) -> bool {
    token.chars().all(is_part_of_name)
}

#[test]
fn paths_are_found_wherever_they_stand() {
    let code = "pub use a::{self, b as c, d::{e, f::*}}; use g; fn h(x: ::i::j) -> k::L<m::n> { o.p::<q::r>(s) } \
                fn t() -> impl U + use<> { v::w; }";
    let found = in_code(code);
    assert_eq!(found, ["a", "a::b", "a::d::e", "a::d::f::*", "g", "i::j", "k::L", "m::n", "q::r", "v::w"]);
}
