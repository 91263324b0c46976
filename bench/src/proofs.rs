//! DPoP proofs (RFC 9449) of the key that the seeded sessions are bound to, made in advance: the client's cost is not
//! measured.

use crate::Outcome;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto::sign;
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey};
use latchkey::platform::{Clock as _, SystemClock};
use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

/// The PKCS#8 encoding that precedes a P-256 private key (RFC 5208 §5, RFC 5915 §3).
const PKCS8: [u8; 35] = [
    0x30, 0x41, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
    0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04, 0x27, 0x30, 0x25, 0x02, 0x01, 0x01, 0x04,
    0x20,
];

fn key() -> EncodingKey {
    EncodingKey::from_ec_der(&[PKCS8.as_slice(), &[7; 32]].concat())
}

/// Returns the thumbprint of the key (RFC 7638).
pub fn thumbprint() -> Result<String, Box<dyn Error + Send + Sync>> {
    Ok(Jwk::from_encoding_key(&key(), Algorithm::ES256)?.thumbprint(ThumbprintHash::SHA256)?)
}

/// Writes `count` proofs to `proofs.txt` in `folder`, one per line, each for a refresh at this moment.
pub fn write(count: u64, folder: &Path) -> Outcome {
    let (key, now) = (key(), SystemClock.now().as_seconds());
    let config = latchkey::config::from_environment(None, &[])?;
    let address = format!("{}/api/auth/refresh", config.public_url.origin());
    let public = serde_json::to_string(&Jwk::from_encoding_key(&key, Algorithm::ES256)?)?;
    let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"typ":"dpop+jwt","alg":"ES256","jwk":{public}}}"#));
    let mut file = BufWriter::new(File::create(folder.join("proofs.txt"))?);
    for number in 0..count {
        let claims = format!(r#"{{"jti":"{now}-{number}","htm":"POST","htu":"{address}","iat":{now}}}"#);
        let message = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims));
        writeln!(file, "{message}.{}", sign(message.as_bytes(), &key, Algorithm::ES256)?)?;
    }
    Ok(file.flush()?)
}
