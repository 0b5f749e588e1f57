//! TLS to an engine, with the files that Docker's own client uses.

use std::io::{Error, ErrorKind};
use std::path::Path;
use std::sync::Arc;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::error::EngineError;
use super::target::TlsFiles;

/// What one server's TLS needs.
pub(super) struct Tls {
    connector: TlsConnector,
    server: ServerName<'static>,
}

impl Tls {
    pub(super) fn load(host: &str, files: &TlsFiles) -> Result<Self, EngineError> {
        let mut roots = RootCertStore::empty();
        for certificate in certificates(&files.ca)? {
            roots
                .add(certificate)
                .map_err(|error| bad(&files.ca, error))?;
        }
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| bad(&files.ca, error))?
            .with_root_certificates(roots);
        let config = match &files.client {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| bad(key, error))?;
                builder
                    .with_client_auth_cert(certificates(certificate)?, secret)
                    .map_err(|error| bad(certificate, error))?
            }
        };
        let name = files.server_name.as_deref().unwrap_or(host);
        let server =
            ServerName::try_from(name.to_owned()).map_err(|error| EngineError::BadTarget {
                origin: format!("`{name}`"),
                why: error.to_string(),
            })?;
        Ok(Self {
            connector: TlsConnector::from(Arc::new(config)),
            server,
        })
    }

    pub(super) async fn wrap(&self, stream: TcpStream) -> Result<TlsStream<TcpStream>, Error> {
        let handshake = self.connector.connect(self.server.clone(), stream).await;
        handshake.map_err(|error| Error::new(ErrorKind::InvalidData, format!("TLS: {error}")))
    }
}

/// At least one certificate.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, EngineError> {
    let read = CertificateDer::pem_file_iter(path).map_err(|error| bad(path, error))?;
    let read: Result<Vec<_>, _> = read.collect();
    let read = read.map_err(|error| bad(path, error))?;
    if read.is_empty() {
        return Err(bad(path, "it holds no certificate"));
    }
    Ok(read)
}

fn bad(path: &Path, why: impl std::fmt::Display) -> EngineError {
    EngineError::BadFile {
        path: path.display().to_string(),
        why: why.to_string(),
    }
}
