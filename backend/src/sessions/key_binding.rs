//! Key binding. A session that is bound to a key of the client accepts refreshes only with a proof by that key.

use super::rotation::KeyCheck;
use super::session::ClientInfo;
use crate::config::KeyBinding;
use crate::sessions::Sessions;
use crate::tokens::{Proof, ProofError, Thumbprint};
use latchkey_shared::Timestamp;

/// Returns the key to bind a new session to, if a proof was sent and binding applies, and marks the proof as used. Asks
/// for another proof if this one may have been used before.
pub fn bind_key(
    service: &Sessions,
    proof: Option<&Proof>,
    remember: bool,
    client_info: &ClientInfo,
    now: Timestamp,
) -> Result<Option<Thumbprint>, ProofError> {
    let is_bound = match service.config.sessions.bind {
        KeyBinding::Auto => !(remember && deletes_keys(&client_info.user_agent)),
        KeyBinding::Required => true,
        KeyBinding::Off => false,
    };
    match proof.filter(|_| is_bound) {
        Some(proof) if service.tokens.proofs.mark_used(proof, now) => Ok(Some(proof.key.clone())),
        Some(_) => Err(service.tokens.proofs.nonce_required(now)),
        None => Ok(None),
    }
}

/// Returns whether this browser deletes script-writable storage after a week without a visit: WebKit does, and every
/// browser on iOS is WebKit. Chromium still calls itself AppleWebKit.
fn deletes_keys(user_agent: &str) -> bool {
    let names = |products: &[&str]| products.iter().any(|product| user_agent.contains(product));
    let is_ios = names(&["iPhone", "iPad", "iPod"]);
    is_ios || names(&["AppleWebKit/"]) && !names(&["Chrome/", "Chromium/"])
}

/// The proof that was sent with a refresh token, if any.
pub struct PresentedProof {
    proof: Option<Proof>,
    is_first_use: bool,
}

impl PresentedProof {
    /// Marks the proof as used. The refresh token must have been verified before.
    pub fn consume(service: &Sessions, proof: Option<Proof>, now: Timestamp) -> Self {
        let is_first_use = proof.as_ref().is_some_and(|proof| service.tokens.proofs.mark_used(proof, now));
        Self { proof, is_first_use }
    }

    /// Checks the proof against the key that the session is bound to.
    pub fn check_key(&self, service: &Sessions, key: Option<&Thumbprint>) -> KeyCheck {
        let is_right = |key: &Thumbprint| self.proof.as_ref().is_some_and(|proof| proof.key == *key);
        match key {
            None => KeyCheck::Unbound,
            _ if service.config.sessions.bind == KeyBinding::Off => KeyCheck::Unbound,
            Some(key) if !is_right(key) => KeyCheck::Unproven,
            Some(_) if !self.is_first_use => KeyCheck::ProofReused,
            Some(_) => KeyCheck::Proven,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn webkit_is_told_from_chromium_and_from_gecko() {
        const MAC: &str =
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)";
        const IPHONE: &str =
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)";
        const IPAD: &str =
            "Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)";
        const LINUX: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)";
        for webkit in [
            format!("{MAC} Version/18.0 Safari/605.1.15"),
            format!("{MAC} CriOS/140.0.0.0 Safari/605.1.15"),
            format!("{IPHONE} Version/18.0 Mobile/15E148 Safari/604.1"),
            format!("{IPHONE} CriOS/140.0.0.0 Mobile/15E148 Safari/604.1"),
            format!("{IPHONE} FxiOS/140.0 Mobile/15E148 Safari/605.1.15"),
            format!("{IPHONE} EdgiOS/140.0.0.0 Version/18.0 Mobile/15E148 Safari/604.1"),
            format!("{IPAD} Chrome/140.0.0.0 Mobile/15E148 Safari/604.1"),
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15"
                .to_owned(),
        ] {
            assert!(deletes_keys(&webkit), "{webkit}");
        }
        for other in [
            format!("{LINUX} Chrome/140.0.0.0 Safari/537.36"),
            format!("{LINUX} HeadlessChrome/140.0.0.0 Safari/537.36"),
            format!("{LINUX} Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0"),
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".to_owned(),
            "latchkey-cli/1.0".to_owned(),
            String::new(),
        ] {
            assert!(!deletes_keys(&other), "{other}");
        }
    }
}
