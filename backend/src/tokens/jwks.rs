//! The public keys, for every service that checks access tokens itself (RFC 7517 §5).

use super::keys::Keys;
use jsonwebtoken::jwk::JwkSet;

impl Keys {
    /// The key set to publish.
    pub fn published(&self) -> JwkSet {
        JwkSet { keys: vec![self.public.clone()] }
    }
}
