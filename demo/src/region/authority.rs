//! The region's own certificate authority. Its certificates serve the demonstration and nothing else.

use anyhow::{Context as _, Result};
use chrono::{Datelike as _, Days, NaiveDate};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType, date_time_ymd,
};
use wire::Caller;

/// How long certificates last, in days.
pub const CERTIFICATE_DAYS: u64 = 90;
/// The name in the coordinator's certificate.
pub const COORDINATOR_NAME: &str = "coordinator.tallyward.example";

/// Whom a certificate names.
#[derive(Clone, Debug)]
pub enum Subject {
    /// A provider or an analyst.
    Caller(Caller),
    /// The coordinator.
    Coordinator,
}

/// A certificate with its private key, each as PEM.
pub struct Issued {
    /// The certificate.
    pub certificate: String,
    /// The private key, PKCS#8.
    pub key: String,
}

/// Issues the region's certificates.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: String,
    key: String,
    valid: (NaiveDate, NaiveDate),
}

impl Authority {
    /// A new authority whose certificates are valid from the day before `today` for [`CERTIFICATE_DAYS`].
    ///
    /// # Errors
    /// Where keys cannot be made.
    pub fn new(today: NaiveDate) -> Result<Self> {
        let until = |days| today.checked_add_days(Days::new(days)).context("the clock is beyond the calendar");
        let from = today.pred_opt().context("the clock is before the calendar")?;
        let key = KeyPair::generate().context("no key could be made for the authority")?;
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name = name("Tallyward demonstration region");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        valid(&mut params, (from, until(10 * CERTIFICATE_DAYS)?));
        let certificate = params.self_signed(&key)?.pem();
        let key_pem = key.serialize_pem();
        Ok(Self {
            issuer: Issuer::new(params, key),
            certificate,
            key: key_pem,
            valid: (from, until(CERTIFICATE_DAYS)?),
        })
    }

    /// The authority's certificate, PEM.
    #[must_use]
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// The authority's private key, PEM: kept so that a test or an operator may enrol one more node.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// A certificate for `subject`.
    ///
    /// # Errors
    /// Where keys cannot be made.
    pub fn issue(&self, subject: &Subject) -> Result<Issued> {
        self.issue_between(subject, self.valid)
    }

    /// A certificate for `subject` that is valid from the first of `days` to the second.
    ///
    /// # Errors
    /// Where keys cannot be made.
    pub fn issue_between(&self, subject: &Subject, days: (NaiveDate, NaiveDate)) -> Result<Issued> {
        let key = KeyPair::generate().context("no key could be made")?;
        let mut params = CertificateParams::new(Vec::new())?;
        let (common_name, alternative, usage) = match subject {
            Subject::Caller(caller) => {
                (caller.uri(), SanType::URI(caller.uri().try_into()?), ExtendedKeyUsagePurpose::ClientAuth)
            }
            Subject::Coordinator => (
                COORDINATOR_NAME.to_owned(),
                SanType::DnsName(COORDINATOR_NAME.try_into()?),
                ExtendedKeyUsagePurpose::ServerAuth,
            ),
        };
        params.distinguished_name = name(&common_name);
        params.subject_alt_names = vec![alternative];
        params.extended_key_usages = vec![usage];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        valid(&mut params, days);
        let certificate = params.signed_by(&key, &self.issuer)?.pem();
        Ok(Issued { certificate, key: key.serialize_pem() })
    }
}

fn name(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

fn valid(params: &mut CertificateParams, (from, until): (NaiveDate, NaiveDate)) {
    let moment = |day: NaiveDate| {
        date_time_ymd(day.year(), u8::try_from(day.month()).unwrap_or(1), u8::try_from(day.day()).unwrap_or(1))
    };
    params.not_before = moment(from);
    params.not_after = moment(until);
}
