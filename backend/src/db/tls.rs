//! Whose word on PostgreSQL's certificate is taken: that of the authorities in the file that the URL names (`sslrootcert`),
//! or of those that the system knows (`sslrootcert=system`, or none named). The well-known ones are built in beside them.

use super::connect::ConnectError;
use crate::config::DatabaseUrl;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;

/// The authorities in PEM, where certificates are looked at.
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
    // Old ones that nobody can read any more lie in many a store.
    let is_readable =
        |certificate: &CertificateDer<'_>| RootCertStore::empty().add(certificate.clone()).is_ok();
    found.certs.iter().filter(|certificate| is_readable(certificate)).flat_map(pem).collect()
}

fn pem(certificate: &CertificateDer<'_>) -> Vec<u8> {
    let text = STANDARD.encode(certificate);
    format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n").into_bytes()
}
