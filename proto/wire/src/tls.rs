//! TLS 1.3 with ring; both sides show a certificate of the region's own authority.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use serde::Deserialize;
use x509_parser::extensions::GeneralName;

use crate::identity::Caller;

/// Where a program's certificate, its key, and the authority that it trusts are kept, each as PEM.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    /// The program's own certificate, the leaf first.
    pub certificate: PathBuf,
    /// Its private key, PKCS#8.
    pub key: PathBuf,
    /// The certificates of the authority.
    pub authority: PathBuf,
}

/// What a node or an analyst needs to connect.
#[derive(Clone)]
pub struct ClientTls(pub(crate) Arc<ClientConfig>);

/// What the coordinator needs to listen.
#[derive(Clone)]
pub struct ServerTls(pub(crate) Arc<ServerConfig>);

/// Why TLS cannot be set up. Each says which file to look at.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file that cannot be read as PEM of its kind.
    #[error("cannot read a PEM {what} from {path}: see that the file exists and is not empty")]
    Read {
        /// What was looked for.
        what: &'static str,
        /// Where.
        path: PathBuf,
    },
    /// A certificate past its last day, or before its first.
    #[error("the certificate in {path} is valid from {from} to {until}: have a new one issued, or set the clock right")]
    OutOfDate {
        /// Where.
        path: PathBuf,
        /// Its first moment.
        from: String,
        /// Its last moment.
        until: String,
    },
    /// A certificate and a key that do not belong together, or are not usable.
    #[error("the certificate in {certificate} and the key in {key} do not work together")]
    Pair {
        /// The certificate.
        certificate: PathBuf,
        /// The key.
        key: PathBuf,
        /// The cause.
        #[source]
        source: rustls::Error,
    },
    /// An authority that cannot be used.
    #[error("the authority in {path} holds no usable certificate")]
    Authority {
        /// Where.
        path: PathBuf,
    },
}

impl ClientTls {
    /// Loads the files.
    ///
    /// # Errors
    /// A [`TlsError`] that names the file.
    pub fn load(files: &TlsFiles) -> Result<Self, TlsError> {
        let (chain, key) = identity(files)?;
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(|source| pair(files, source))?
            .with_root_certificates(authority(&files.authority)?)
            .with_client_auth_cert(chain, key)
            .map_err(|source| pair(files, source))?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(Self(Arc::new(config)))
    }
}

impl ServerTls {
    /// Loads the files.
    ///
    /// # Errors
    /// A [`TlsError`] that names the file.
    pub fn load(files: &TlsFiles) -> Result<Self, TlsError> {
        let (chain, key) = identity(files)?;
        let provider = Arc::new(ring::default_provider());
        let clients =
            WebPkiClientVerifier::builder_with_provider(Arc::new(authority(&files.authority)?), Arc::clone(&provider))
                .build()
                .map_err(|_| TlsError::Authority { path: files.authority.clone() })?;
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(|source| pair(files, source))?
            .with_client_cert_verifier(clients)
            .with_single_cert(chain, key)
            .map_err(|source| pair(files, source))?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        // No early data, and no tickets: every connection shows its certificate.
        config.send_tls13_tickets = 0;
        Ok(Self(Arc::new(config)))
    }
}

/// The caller that a client certificate names: its one URI of ours.
pub(crate) fn caller(certificate: &CertificateDer<'_>) -> Option<Caller> {
    let (_, certificate) = x509_parser::parse_x509_certificate(certificate).ok()?;
    let names = certificate.subject_alternative_name().ok()??;
    let mut callers = names.value.general_names.iter().filter_map(|name| match name {
        GeneralName::URI(uri) => Caller::from_uri(uri),
        _ => None,
    });
    let caller = callers.next()?;
    // A certificate that names two callers names none.
    callers.next().is_none().then_some(caller)
}

fn identity(files: &TlsFiles) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsError> {
    let chain = certificates(&files.certificate, "certificate")?;
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|_| TlsError::Read { what: "private key", path: files.key.clone() })?;
    if let Some(leaf) = chain.first() {
        in_date(leaf, &files.certificate)?;
    }
    Ok((chain, key))
}

fn in_date(leaf: &CertificateDer<'_>, path: &Path) -> Result<(), TlsError> {
    let (_, parsed) = x509_parser::parse_x509_certificate(leaf)
        .map_err(|_| TlsError::Read { what: "certificate", path: path.to_owned() })?;
    let validity = parsed.validity();
    if validity.is_valid() {
        return Ok(());
    }
    Err(TlsError::OutOfDate {
        path: path.to_owned(),
        from: validity.not_before.to_string(),
        until: validity.not_after.to_string(),
    })
}

fn authority(path: &Path) -> Result<RootCertStore, TlsError> {
    let mut store = RootCertStore::empty();
    for certificate in certificates(path, "authority's certificate")? {
        store.add(certificate).map_err(|_| TlsError::Authority { path: path.to_owned() })?;
    }
    Ok(store)
}

fn certificates(path: &Path, what: &'static str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let wrong = || TlsError::Read { what, path: path.to_owned() };
    let certificates: Vec<_> =
        CertificateDer::pem_file_iter(path).map_err(|_| wrong())?.collect::<Result<_, _>>().map_err(|_| wrong())?;
    if certificates.is_empty() { Err(wrong()) } else { Ok(certificates) }
}

fn pair(files: &TlsFiles, source: rustls::Error) -> TlsError {
    TlsError::Pair { certificate: files.certificate.clone(), key: files.key.clone(), source }
}
