//! Thumbprints of public keys: identifiers computed from the key itself (RFC 7638).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// SHA-256 thumbprint of a public key, in base64url.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Thumbprint(String);

impl Thumbprint {
    /// Computes the thumbprint of the P-256 key with these coordinates, each in base64url without padding.
    pub(super) fn of_p256(x: &str, y: &str) -> Self {
        // RFC 7638 §3: only the required members, ordered by name, without white space.
        let key = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        Self(URL_SAFE_NO_PAD.encode(Sha256::digest(key)))
    }

    /// Restores a thumbprint from storage.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// Returns the text, 43 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::jwk::{Jwk, ThumbprintHash};

    /// The key of RFC 9449 §4.1; §6.1 states its thumbprint.
    #[test]
    fn a_key_has_the_thumbprint_that_the_standard_gives_it() {
        let (x, y) =
            ("l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs", "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA");
        assert_eq!(Thumbprint::of_p256(x, y).as_str(), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
        let key = serde_json::json!({"kty": "EC", "crv": "P-256", "x": x, "y": y});
        let key: Jwk = serde_json::from_value(key).unwrap();
        assert_eq!(Thumbprint::of_p256(x, y).as_str(), key.thumbprint(ThumbprintHash::SHA256).unwrap());
    }
}
