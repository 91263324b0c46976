//! Human-readable client names, such as "Chrome on Windows".

use woothee::parser::Parser;

/// Returns the browser and operating system that a `User-Agent` names. The page parses "Chrome on Windows" and "Unknown
/// device" to translate them, so these two patterns must stay.
pub fn label(user_agent: &str) -> String {
    match Parser::new().parse(user_agent) {
        Some(client) if !matches!(client.name, woothee::woothee::VALUE_UNKNOWN | "HTTP Library") => {
            match system(client.os) {
                Some(system) => format!("{} on {system}", client.name),
                None => client.name.to_owned(),
            }
        }
        _ => product(user_agent).unwrap_or("Unknown device").to_owned(),
    }
}

/// Returns the common name of an operating system, if it is known.
fn system(os: &str) -> Option<&str> {
    match os {
        woothee::woothee::VALUE_UNKNOWN | "" => None,
        os if os.starts_with("Windows") => Some("Windows"),
        "Mac OSX" => Some("macOS"),
        "iPhone" | "iPad" | "iPod" | "Android" | "Linux" | "ChromeOS" => Some(os),
        other => Some(other),
    }
}

/// Returns the first product name, if it has at most 40 bytes: `curl` of `curl/8.5.0` (RFC 9110 §10.1.5).
fn product(user_agent: &str) -> Option<&str> {
    user_agent.split(['/', ' ']).next().filter(|name| !name.is_empty() && name.len() <= 40)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_and_programs_are_named_as_people_call_them() {
        for (user_agent, named) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
                "Chrome on Windows",
            ),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
                "Safari on macOS",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
                "Edge on Windows",
            ),
            ("latchkey-cli/1.0", "latchkey-cli"),
            ("curl/8.5.0", "curl"),
            ("", "Unknown device"),
            ("\u{1F98A}", "\u{1F98A}"),
        ] {
            assert_eq!(label(user_agent), named, "{user_agent}");
        }
    }
}
