//! Certificate authorities for PostgreSQL's certificate: those in the file that the URL names (`sslrootcert`), or the
//! system's (`sslrootcert=system`, or none named), in addition to the well-known ones, which are built in.

use super::connect_error::ConnectError;
use crate::config::DatabaseUrl;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;

/// Returns the authorities in PEM; `None` if the URL names no file and does not ask to verify certificates.
pub(super) fn authorities(url: &DatabaseUrl) -> Result<Option<Vec<u8>>, ConnectError> {
    if let Some(file) = url.ca_file() {
        let read = std::fs::read(&file).map_err(|source| ConnectError::Authorities { file, source });
        return read.map(Some);
    }
    Ok(url.verifies_certificates().then(system_certificates))
}

fn system_certificates() -> Vec<u8> {
    let found = rustls_native_certs::load_native_certs();
    for error in found.errors {
        tracing::warn!(%error, "A part of the system's certificates cannot be read");
    }
    // Many system stores contain old certificates that rustls cannot parse.
    let is_readable =
        |certificate: &CertificateDer<'_>| RootCertStore::empty().add(certificate.clone()).is_ok();
    found.certs.iter().filter(|certificate| is_readable(certificate)).flat_map(pem).collect()
}

fn pem(certificate: &CertificateDer<'_>) -> Vec<u8> {
    let text = STANDARD.encode(certificate);
    format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n").into_bytes()
}
