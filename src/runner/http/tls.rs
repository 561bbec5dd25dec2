//! TLS: trusted is what the system trusts, and what `ca_certs` has added to it.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io;
use std::net::TcpStream;
use std::sync::Arc;

/// Where distributions keep the certificates they trust, in one file.
const BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// A connection to `host` over a socket. The handshake happens with the first
/// bytes that are sent.
pub(super) fn over(socket: TcpStream, host: &str) -> io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let mut roots = RootCertStore::empty();
    for path in BUNDLES {
        if let Ok(found) = CertificateDer::pem_file_iter(path) {
            // One that can't be read leaves the others.
            roots.add_parsable_certificates(found.filter_map(Result::ok));
        }
        if !roots.is_empty() {
            break;
        }
    }
    if roots.is_empty() {
        return Err(io::Error::other("the system trusts no certificates (package ca-certificates)"));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_string()).map_err(io::Error::other)?;
    let connection = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
    Ok(StreamOwned::new(connection, socket))
}
