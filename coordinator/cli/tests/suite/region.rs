//! A coordinator's door with its authority, and the command that calls it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, SanType, date_time_ymd};
use tempfile::TempDir;
use tokio::net::TcpListener;
use wire::{ServerTls, TlsFiles};

use crate::desk::{Conduct, NoProviders, OneRun};

/// A served door. It is gone with the test's runtime.
pub struct Region {
    folder: TempDir,
    desk: Arc<OneRun>,
}

/// How the command ended.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Region {
    pub async fn start(conduct: Conduct) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        certificates(folder.path());
        for (name, certificate, key, port) in [
            ("tallyward", "ada", "ada", port),
            ("nobody", "ada", "ada", unused_port().await),
            ("foreign", "foreign", "foreign", port),
            ("expired", "expired", "expired", port),
            ("unkeyed", "ada", "none", port),
        ] {
            let text = format!(
                "coordinator = \"https://127.0.0.1:{port}\"\nserver_name = \"localhost\"\n\
                 certificate = \"{certificate}.pem\"\nkey = \"{key}.key\"\nauthority = \"authority.pem\"\n"
            );
            fs::write(folder.path().join(format!("{name}.toml")), text).unwrap();
        }
        let file = |name: &str| folder.path().join(name);
        let tls = ServerTls::load(&TlsFiles {
            certificate: file("coordinator.pem"),
            key: file("coordinator.key"),
            authority: file("authority.pem"),
        })
        .unwrap();
        let desk = Arc::new(OneRun::new(conduct));
        let doors =
            wire::Doors { link: Arc::new(NoProviders), desk: Arc::clone(&desk), governance: Arc::new(NoProviders) };
        let served = wire::serve(listener, tls, doors, std::future::pending());
        tokio::spawn(served);
        Self { folder, desk }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// How many questions were asked.
    pub fn asked(&self) -> u32 {
        self.desk.asked.load(Ordering::SeqCst)
    }

    /// Runs the command in the region's folder, where `tallyward.toml` is.
    pub async fn tallyward(&self, arguments: &[&str]) -> Ended {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_tallyward"));
        command.args(arguments).current_dir(self.folder.path()).env_remove("TALLYWARD_SETTINGS").kill_on_drop(true);
        let output = command.output().await.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ended { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }
}

async fn unused_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

fn certificates(folder: &Path) {
    let authority = authority("region");
    fs::write(folder.join("authority.pem"), authority.pem()).unwrap();
    let ada = SanType::URI("urn:tallyward:analyst:ada".try_into().unwrap());
    let localhost = SanType::DnsName("localhost".try_into().unwrap());
    write(folder, "coordinator", certificate(localhost), &authority);
    write(folder, "ada", certificate(ada.clone()), &authority);
    let mut expired = certificate(ada.clone());
    expired.not_after = date_time_ymd(2001, 1, 1);
    write(folder, "expired", expired, &authority);
    write(folder, "foreign", certificate(ada), &self::authority("elsewhere"));
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn certificate(name: SanType) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.subject_alt_names = vec![name];
    params.not_before = date_time_ymd(2000, 1, 1);
    params
}

fn write(folder: &Path, name: &str, params: CertificateParams, issuer: &CertifiedIssuer<'static, KeyPair>) {
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, issuer).unwrap();
    let path = |suffix: &str| -> PathBuf { folder.join(format!("{name}.{suffix}")) };
    fs::write(path("pem"), certificate.pem()).unwrap();
    fs::write(path("key"), key.serialize_pem()).unwrap();
}
