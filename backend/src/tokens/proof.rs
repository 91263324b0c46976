//! DPoP proofs (RFC 9449): the sender of a request proves possession of a private key. A proof is a JWT that carries
//! its public key, names the request that it was made for, and is accepted once.

use super::keys::Keys;
use super::nonce::NonceIssuer;
use super::thumbprint::Thumbprint;
use super::used_proofs::{ProofDigest, UsedProofs};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use latchkey_shared::Timestamp;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

const TYPE: &str = "dpop+jwt";
const ALGORITHM: &str = "ES256";
/// Maximum length of a proof, in bytes; a typical one has about 500.
const MAX_BYTES: usize = 4096;
/// Maximum length of a `jti`, in bytes; a UUID has 36.
const MAX_JTI_BYTES: usize = 128;
/// Maximum difference between `iat` and the server's clock when the proof carries no nonce.
const IAT_TOLERANCE: Duration = Duration::from_secs(60);
/// Length of a coordinate of a point on P-256, in bytes.
const COORDINATE_BYTES: usize = 32;
/// Members of a JWK that only a private or symmetric key has (RFC 7518 §6).
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A proof that is valid for the request that it came with.
#[derive(Debug)]
pub struct Proof {
    /// Thumbprint of the key that signed it.
    pub key: Thumbprint,
    pub(super) digest: ProofDigest,
    pub(super) proof_time: ProofTime,
}

/// The time at which a proof was made, by one of two clocks.
#[derive(Clone, Copy, Debug)]
pub(super) enum ProofTime {
    /// The `iat` claim, by the client's clock, within `IAT_TOLERANCE` of the server's.
    Iat(Timestamp),
    /// The time at which the server issued the nonce in it; the proof was made later.
    NonceIssuedAt(Timestamp),
}

/// The request that a proof was made for.
pub struct ProofTarget {
    /// HTTP method (`htm`).
    pub method: String,
    /// URL (`htu`), without query and fragment.
    pub url: Url,
}

/// Reason for refusing a proof.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// Not a DPoP proof, or not made for this request.
    #[error("{0}")]
    Invalid(&'static str),
    /// The proof may be old or has been used; the client must make another one with this nonce.
    #[error("make a new proof that carries the nonce of the DPoP-Nonce header")]
    NonceRequired {
        /// The nonce for the next proof.
        nonce: String,
    },
    /// A nonce could not be signed.
    #[error("cannot sign a nonce: {0}")]
    Signing(#[from] jsonwebtoken::errors::Error),
}

/// Verifies proofs, and accepts each of them once.
pub struct ProofVerifier {
    nonces: NonceIssuer,
    used: UsedProofs,
}

impl ProofVerifier {
    /// Creates a verifier that has accepted no proof yet; its nonces are signed with these keys.
    pub fn new(keys: Arc<Keys>) -> Self {
        Self { nonces: NonceIssuer::new(keys), used: UsedProofs::default() }
    }

    /// Verifies the value of a `DPoP` header (RFC 9449 §4.3). Claims are checked only if the signature is valid.
    ///
    /// Fails with `NonceRequired` if only the proof's time is refused.
    pub fn verify(
        &self,
        text: &str,
        is_this_call: impl FnOnce(&ProofTarget) -> bool,
        now: Timestamp,
    ) -> Result<Proof, ProofError> {
        let (key, claims) = verify_signature(text).map_err(ProofError::Invalid)?;
        let id = claims.jti.as_bytes();
        if id.is_empty() || id.len() > MAX_JTI_BYTES {
            return Err(ProofError::Invalid("jti must have between 1 and 128 bytes"));
        }
        let digest = Sha256::new_with_prefix(key.as_str()).chain_update(id).finalize();
        let target = target(claims.htm, &claims.htu).map_err(ProofError::Invalid)?;
        if !is_this_call(&target) {
            return Err(ProofError::Invalid("htm and htu must name this call"));
        }
        let proof_time = match claims.nonce {
            // A proof with a nonce is checked by its nonce alone: checked by `iat`, a proof from a clock that is ahead
            // would become valid again later.
            Some(nonce) => self.nonces.issued_at(&nonce, now).map(ProofTime::NonceIssuedAt),
            None => check_iat(claims.iat, now).map(ProofTime::Iat),
        };
        let proof_time = proof_time.ok_or(()).map_err(|()| self.nonce_required(now))?;
        Ok(Proof { key, digest: truncate(digest.into()), proof_time })
    }

    /// Records the use of a proof, and returns whether it is certainly the first one. Call it only after the client has
    /// presented something that strangers do not have, so that they cannot fill this memory.
    pub fn mark_used(&self, proof: &Proof, now: Timestamp) -> bool {
        self.used.mark_used(proof, now)
    }

    /// Returns the error that requests another proof, with a new nonce.
    pub fn nonce_required(&self, now: Timestamp) -> ProofError {
        self.nonces.issue(now).map_or_else(Into::into, |nonce| ProofError::NonceRequired { nonce })
    }
}

fn truncate(digest: [u8; 32]) -> ProofDigest {
    std::array::from_fn(|index| digest[index])
}

fn check_iat(iat: f64, now: Timestamp) -> Option<Timestamp> {
    // RFC 7519 §2: seconds, possibly with a fraction. The cast saturates.
    let proof_time = Timestamp::from_millis((iat * 1000.0) as i64);
    // Clients round to whole seconds, so a proof may appear up to a second older than it is.
    let this_second = Timestamp::from_seconds(now.as_seconds());
    (proof_time + IAT_TOLERANCE >= this_second && proof_time <= now + IAT_TOLERANCE).then_some(proof_time)
}

#[derive(Deserialize)]
struct ProofHeader {
    typ: String,
    alg: String,
    jwk: PublicKey,
    #[serde(flatten)]
    others: HashMap<String, IgnoredAny>,
}

#[derive(Deserialize)]
struct PublicKey {
    kty: String,
    crv: String,
    x: String,
    y: String,
    #[serde(flatten)]
    others: HashMap<String, IgnoredAny>,
}

#[derive(Deserialize)]
struct ProofClaims {
    jti: String,
    htm: String,
    htu: String,
    iat: f64,
    nonce: Option<String>,
}

/// Verifies the signature of a proof, and returns its claims and the thumbprint of the key that signed it.
fn verify_signature(text: &str) -> Result<(Thumbprint, ProofClaims), &'static str> {
    if text.len() > MAX_BYTES {
        return Err("a proof has at most 4096 bytes");
    }
    let (message, signature) = text.rsplit_once('.').ok_or("a proof is a JWT of three parts")?;
    let (header, claims) = message.split_once('.').ok_or("a proof is a JWT of three parts")?;
    let header: ProofHeader = decode_part(header).ok_or("its header must hold typ, alg and a public jwk")?;
    if header.typ != TYPE || header.alg != ALGORITHM {
        return Err("typ must be dpop+jwt and alg ES256");
    }
    // RFC 7515 §4.1.11: critical extensions must be understood, and none is.
    if header.others.contains_key("crit") {
        return Err("nothing in its header may be critical");
    }
    let (thumbprint, key) =
        public_key(&header.jwk).ok_or("jwk must be a public key on P-256 and nothing else")?;
    // jsonwebtoken's `decode` reads the system clock and drops claims that it does not know, so it only verifies the
    // signature here.
    if !crypto::verify(signature, message.as_bytes(), &key, Algorithm::ES256).is_ok_and(|is_good| is_good) {
        return Err("its signature is not the key's");
    }
    Ok((thumbprint, decode_part(claims).ok_or("it must hold jti, htm, htu and iat")?))
}

/// Decodes a part of the JWT from JSON. Duplicate names are refused.
fn decode_part<T: DeserializeOwned>(text: &str) -> Option<T> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    // serde would also deserialize a struct from an array.
    bytes.starts_with(b"{").then(|| serde_json::from_slice(&bytes).ok()).flatten()
}

fn public_key(jwk: &PublicKey) -> Option<(Thumbprint, DecodingKey)> {
    let is_public = !PRIVATE_MEMBERS.iter().any(|name| jwk.others.contains_key(*name));
    if jwk.kty != "EC" || jwk.crv != "P-256" || !is_public {
        return None;
    }
    let coordinate =
        |text: &str| URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() == COORDINATE_BYTES);
    // Uncompressed point (SEC 1 §2.3.4). The signature verification checks that it lies on the curve.
    let point = [vec![4], coordinate(&jwk.x)?, coordinate(&jwk.y)?].concat();
    Some((Thumbprint::of_p256(&jwk.x, &jwk.y), DecodingKey::from_ec_der(&point)))
}

fn target(method: String, address: &str) -> Result<ProofTarget, &'static str> {
    let url = Url::parse(address).map_err(|_| "htu must be an absolute URL")?;
    let is_bare = url.query().is_none() && url.fragment().is_none();
    let is_anonymous = url.username().is_empty() && url.password().is_none();
    if is_bare && is_anonymous {
        Ok(ProofTarget { method, url })
    } else {
        Err("htu must have no query and no fragment")
    }
}
