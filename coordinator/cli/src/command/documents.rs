//! `documents show`, `documents sign` and `documents publish`.

use std::fs;
use std::path::Path;

use template::{
    AcceptanceDocument, AgreementsDocument, Document, ENVELOPE_BYTES_MAX, EnrolmentDocument, Envelope, Lookup,
    PayloadType, RebaselineDocument, RootDocument, parse_document,
};

use super::hand;
use crate::arguments::{DocumentKind, DocumentsVerb, Hand};
use crate::exit::Exit;
use crate::failure::{Ends as _, Failure};
use crate::output::on_stdout;
use crate::render::plain_lines;
use crate::session::{failure, govern};
use crate::settings::{Places, Settings};

/// Does what `verb` says.
pub(super) async fn perform(places: &Places, verb: DocumentsVerb) -> Result<Exit, Failure> {
    match verb {
        DocumentsVerb::Show { file } => show(&file),
        DocumentsVerb::Sign { kind, file, output, hand } => sign(places, kind, &file, &output, &hand),
        DocumentsVerb::Publish { file } => {
            let settings = Settings::find(places).ends(Exit::Usage)?;
            let envelope = envelope(&file)?;
            govern(&settings).await?.publish(envelope.to_bytes()).await.map_err(failure)?;
            eprintln!("published: {}", envelope.payload_digest());
            Ok(Exit::Complete)
        }
    }
}

fn show(file: &Path) -> Result<Exit, Failure> {
    let envelope = envelope(file)?;
    let kind = envelope.unverified_type().map_or("of a type that this version does not know", PayloadType::media_type);
    eprintln!("{kind}\nsha256: {}\nsignatures: {}", envelope.payload_digest(), envelope.signature_count());
    let text = String::from_utf8_lossy(envelope.unverified_payload()).into_owned();
    on_stdout(|out| writeln!(out, "{}", plain_lines(&text))).ends(Exit::Internal)?;
    Ok(Exit::Complete)
}

fn sign(places: &Places, kind: DocumentKind, file: &Path, output: &Path, by: &Hand) -> Result<Exit, Failure> {
    let payload_type = kind.payload_type();
    let bytes = read(file)?;
    let signed = Envelope::parse(&bytes).ok();
    let payload = signed.as_ref().map_or(bytes.as_slice(), Envelope::unverified_payload).to_vec();
    if signed.as_ref().is_some_and(|envelope| envelope.unverified_type() != Some(payload_type)) {
        return Err(Failure::told(Exit::Usage, format!("{} holds something else: nothing was signed", file.display())));
    }
    // What does not read as the document it is said to be is not signed.
    kind.check(&payload).ends(Exit::Usage)?;
    eprintln!("{}", plain_lines(&String::from_utf8_lossy(&payload)));
    hand::confirm(by, payload_type.media_type(), &template::Digest::of(&payload))?;
    let settings = Settings::find(places).ok();
    let key = hand::key(by, settings.as_ref())?;
    let envelope = match signed {
        Some(mut envelope) => {
            envelope.add_signature(&key).ends(Exit::Usage)?;
            envelope
        }
        None => Envelope::sign(payload_type, payload, &[&key]),
    };
    fs::write(output, envelope.to_bytes())
        .map_err(|error| Failure::told(Exit::Usage, format!("cannot write {}: {}", output.display(), error.kind())))?;
    eprintln!("written: {} with {} signatures", output.display(), envelope.signature_count());
    Ok(Exit::Complete)
}

impl DocumentKind {
    const fn payload_type(self) -> PayloadType {
        match self {
            Self::Acceptance => PayloadType::Acceptance,
            Self::Agreements => PayloadType::Agreements,
            Self::Enrolment => PayloadType::Enrolment,
            Self::Lookup => PayloadType::Lookup,
            Self::Rebaseline => PayloadType::Rebaseline,
            Self::Root => PayloadType::Root,
        }
    }

    fn check(self, payload: &[u8]) -> anyhow::Result<()> {
        fn reads<T: Document>(payload: &[u8]) -> anyhow::Result<()> {
            parse_document::<T>(payload)?;
            Ok(())
        }
        match self {
            Self::Acceptance => reads::<AcceptanceDocument>(payload),
            Self::Agreements => reads::<AgreementsDocument>(payload),
            Self::Enrolment => reads::<EnrolmentDocument>(payload),
            Self::Lookup => Lookup::parse(payload).map(|_| ()).map_err(Into::into),
            Self::Rebaseline => reads::<RebaselineDocument>(payload),
            Self::Root => reads::<RootDocument>(payload),
        }
    }
}

fn envelope(file: &Path) -> Result<Envelope, Failure> {
    Envelope::parse(&read(file)?).map_err(|error| Failure::told(Exit::Usage, format!("{}: {error}", file.display())))
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let told = |why: String| Failure::told(Exit::Usage, format!("{}: {why}", file.display()));
    let bytes = fs::read(file).map_err(|error| told(format!("cannot be read ({})", error.kind())))?;
    if bytes.len() > ENVELOPE_BYTES_MAX { Err(told("too long".to_owned())) } else { Ok(bytes) }
}
