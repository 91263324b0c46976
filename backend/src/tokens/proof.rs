//! DPoP proofs (RFC 9449): whoever makes a call shows that it holds a private key. A proof is a JWT that carries its public
//! key, names the call that it was made for, and is taken once.

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
/// How many bytes a proof has at most; one has about 500.
const MAX_BYTES: usize = 4096;
/// How many bytes a `jti` has at most; a UUID has 36.
const MAX_JTI_BYTES: usize = 128;
/// How far `iat` may lie from the server's clock where the proof carries no nonce.
const IAT_TOLERANCE: Duration = Duration::from_secs(60);
/// Bytes of a coordinate of a point on P-256.
const COORDINATE_BYTES: usize = 32;
/// The members of a JWK that no public key has (RFC 7518 §6).
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A proof that holds for the call that it came with.
#[derive(Debug)]
pub struct Proof {
    /// The key that made it.
    pub key: Thumbprint,
    pub(super) digest: ProofDigest,
    pub(super) proof_time: ProofTime,
}

/// When a proof was made.
#[derive(Clone, Copy, Debug)]
pub(super) enum ProofTime {
    /// As its maker's clock says; that is right.
    Iat(Timestamp),
    /// Later than this, when the server issued the nonce in it.
    NonceIssuedAt(Timestamp),
}

/// The call that a proof was made for.
pub struct ProofTarget {
    /// Its method.
    pub method: String,
    /// Its address, without query and fragment.
    pub url: Url,
}

/// Why a proof is refused.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// It is none, or was not made for this call.
    #[error("{0}")]
    Invalid(&'static str),
    /// It may be old, or has been used. Another one with this nonce is as good as new.
    #[error("make a new proof that carries the nonce of the DPoP-Nonce header")]
    NonceRequired {
        /// The nonce to put into it.
        nonce: String,
    },
    /// No nonce could be signed.
    #[error("cannot sign a nonce: {0}")]
    Signing(#[from] jsonwebtoken::errors::Error),
}

/// Reads proofs, and takes each of them once.
pub struct ProofVerifier {
    nonces: NonceIssuer,
    used: UsedProofs,
}

impl ProofVerifier {
    /// Has met no proof yet; its nonces are signed with these keys.
    pub fn new(keys: Arc<Keys>) -> Self {
        Self { nonces: NonceIssuer::new(keys), used: UsedProofs::default() }
    }

    /// Reads the value of a `DPoP` header (RFC 9449 §4.3). Only a proof whose signature is right is looked at any further.
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
            // Judged by its nonce alone: as soon as a clock that is ahead is right, it would be good once more.
            Some(nonce) => self.nonces.issued_at(&nonce, now).map(ProofTime::NonceIssuedAt),
            None => check_iat(claims.iat, now).map(ProofTime::Iat),
        };
        let proof_time = proof_time.ok_or(()).map_err(|()| self.nonce_required(now))?;
        Ok(Proof { key, digest: truncate(digest.into()), proof_time })
    }

    /// Notes that the proof is used, and tells whether it is for the first time. Asked once the caller has shown something
    /// that strangers have not: so nobody else can fill this memory.
    pub fn mark_used(&self, proof: &Proof, now: Timestamp) -> bool {
        self.used.mark_used(proof, now)
    }

    /// Asks for another proof.
    pub fn nonce_required(&self, now: Timestamp) -> ProofError {
        self.nonces.issue(now).map_or_else(Into::into, |nonce| ProofError::NonceRequired { nonce })
    }
}

fn truncate(digest: [u8; 32]) -> ProofDigest {
    std::array::from_fn(|index| digest[index])
}

fn check_iat(iat: f64, now: Timestamp) -> Option<Timestamp> {
    // RFC 7519 §2: seconds, perhaps with a fraction. Too large a number becomes the largest.
    let proof_time = Timestamp::from_millis((iat * 1000.0) as i64);
    // Whole seconds are rounded down, so a proof may look up to a second older than it is.
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

/// What a proof says, and whose signature it carries.
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
    // RFC 7515 §4.1.11: what is critical must be understood.
    if header.others.contains_key("crit") {
        return Err("nothing in its header may be critical");
    }
    let (thumbprint, key) =
        public_key(&header.jwk).ok_or("jwk must be a public key on P-256 and nothing else")?;
    // jsonwebtoken's `decode` asks the system's clock and passes over claims that it does not know: only the signature is
    // checked by it.
    if !crypto::verify(signature, message.as_bytes(), &key, Algorithm::ES256).is_ok_and(|is_good| is_good) {
        return Err("its signature is not the key's");
    }
    Ok((thumbprint, decode_part(claims).ok_or("it must hold jti, htm, htu and iat")?))
}

/// A part in JSON. A name that comes twice is refused.
fn decode_part<T: DeserializeOwned>(text: &str) -> Option<T> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    // An array could be read as a struct, too.
    bytes.starts_with(b"{").then(|| serde_json::from_slice(&bytes).ok()).flatten()
}

fn public_key(jwk: &PublicKey) -> Option<(Thumbprint, DecodingKey)> {
    let is_public = !PRIVATE_MEMBERS.iter().any(|name| jwk.others.contains_key(*name));
    if jwk.kty != "EC" || jwk.crv != "P-256" || !is_public {
        return None;
    }
    let coordinate =
        |text: &str| URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() == COORDINATE_BYTES);
    // SEC 1 §2.3.4. Whether the point lies on the curve is checked with the signature.
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
