//! Detector of leaks in a log, a metric or a trace: every secret that was sent or received, and email addresses.

use serde_json::Value;
use std::collections::BTreeSet;

/// Minimum length of a secret in bytes: anything shorter is found by accident.
const SHORTEST: usize = 8;
/// Length in bytes that a token's signature exceeds.
const SHORTEST_SIGNATURE: usize = 20;

#[derive(Default)]
pub struct LeakDetector {
    /// Signatures of tokens: without its signature, a token is worthless.
    signatures: BTreeSet<String>,
    phrases: BTreeSet<String>,
}

impl LeakDetector {
    pub fn keep(&mut self, secret: &str) {
        let signature = secret.rsplit_once('.').map(|(_, signature)| signature);
        if let Some(signature) =
            signature.filter(|text| text.len() > SHORTEST_SIGNATURE && is_base64url(text))
        {
            self.signatures.insert(signature.to_owned());
        } else if secret.len() >= SHORTEST {
            self.phrases.insert(secret.to_owned());
            // The form that a quoted string has.
            self.phrases.insert(secret.escape_debug().to_string());
        }
    }

    /// Records the secrets of a body that was sent or received.
    pub fn keep_all(&mut self, body: &Value) {
        for (name, value) in body.as_object().into_iter().flatten() {
            let is_token = name.contains("token") && name != "token_type" && name != "token_delivery";
            if is_token || name.contains("password") || name == "email" {
                value.as_str().into_iter().for_each(|secret| self.keep(secret));
            }
        }
    }

    pub fn count(&self) -> usize {
        self.signatures.len() + self.phrases.len()
    }

    /// Returns the first secret that the text contains, and its line.
    pub fn found_in(&self, text: &str) -> Option<(String, String)> {
        let words = text.split(|c: char| !is_base64url_letter(c));
        let mut long = words.filter(|word| word.len() > SHORTEST_SIGNATURE);
        let signature = long.find(|word| self.signatures.contains(*word));
        let phrase = || self.phrases.iter().map(String::as_str).find(|phrase| text.contains(phrase));
        let secret = signature.or_else(phrase)?;
        let line = text.lines().find(|line| line.contains(secret)).unwrap_or_default();
        Some((secret.to_owned(), line.to_owned()))
    }
}

fn is_base64url(text: &str) -> bool {
    text.chars().all(is_base64url_letter)
}

fn is_base64url_letter(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}
