//! `propose`, `proposals`, `review`, `sign` and `withdraw`. The key is used last, after digest and sheet were shown.

use std::path::Path;

use chrono::{DateTime, SubsecRound as _, Utc};
use plan::Sheet;
use template::{Digest, Document as _, Envelope, PayloadType, ReviewDocument, Template, Verdict, WithdrawalDocument};
use wire::{Governance, ProposalDetail, ProposalSummary};

use super::{hand, sheet, write_list};
use crate::arguments::{Hand, Listing, ReviewArguments};
use crate::exit::Exit;
use crate::failure::{Ends as _, Failure};
use crate::render::{Listed, minute, plain, plain_lines};
use crate::session::{failure, govern};
use crate::settings::{Places, Settings};

/// Proposes a draft in its author's hand.
pub(super) async fn propose(places: &Places, file: &Path, why: &str, by: &Hand) -> Result<Exit, Failure> {
    let settings = Settings::find(places).ends(Exit::Usage)?;
    let toml = sheet::read(file)?;
    let template = Template::parse(&toml).ends(Exit::Usage)?;
    let (name, _) = hand::person(&settings)?;
    if !name.is_written(&template.author) {
        let words =
            format!("the template's author is `{}`, and you are `{name}`: write yourself there", template.author);
        return Err(Failure::told(Exit::Usage, words));
    }
    let mut door = govern(&settings).await?;
    let listed = door.proposals().await.map_err(failure)?;
    show(&sheet::of(&settings, &mut door, &listed, &toml).await?);
    hand::confirm(by, &format!("{} version {}, as its author", template.id, template.version), &Digest::of(&toml))?;
    let envelope = Envelope::sign(PayloadType::Template, toml, &[&hand::key(by, Some(&settings))?]);
    let summary = door.propose(envelope.to_bytes(), why).await.map_err(failure)?;
    eprintln!("proposed: {} version {}, {}", plain(&summary.id), summary.version, summary.template_sha256);
    Ok(Exit::Complete)
}

/// Lists the proposals.
pub(super) async fn list(places: &Places, listing: &Listing) -> Result<Exit, Failure> {
    let settings = Settings::find(places).ends(Exit::Usage)?;
    let listed = govern(&settings).await?.proposals().await.map_err(failure)?;
    let row = |entry: &ProposalSummary| {
        vec![
            entry.id.clone(),
            entry.version.to_string(),
            entry.state.word().to_owned(),
            entry.author.to_string(),
            minute(entry.proposed_at),
            entry.reviews.to_string(),
            entry.template_sha256.to_string(),
            entry.title.clone(),
        ]
    };
    let columns = &["id", "version", "state", "author", "proposed_at", "reviews", "sha256", "title"];
    write_list(listing, &Listed { columns, rows: listed.iter().map(row).collect() }, &listed)
}

/// Gives a view of a proposal, then shows those of others.
pub(super) async fn review(places: &Places, arguments: ReviewArguments) -> Result<Exit, Failure> {
    let ReviewArguments { proposal, approve, object, comment: _, because, hand: by } = arguments;
    let verdict = match (approve, object) {
        (true, _) => Verdict::Approve,
        (false, true) => Verdict::Object,
        (false, false) => Verdict::Comment,
    };
    let settings = Settings::find(places).ends(Exit::Usage)?;
    let (reviewer, organisation) = hand::person(&settings)?;
    let mut read = Read::proposal(&settings, &proposal).await?;
    let document = ReviewDocument {
        template_sha256: read.digest,
        reviewer,
        organisation,
        verdict,
        comment: because.trim().to_owned(),
        review_sheet_sha256: read.sheet.digest(),
        at: now(),
    };
    document.check().ends(Exit::Usage)?;
    hand::confirm(&by, &format!("your view of {}: {verdict:?}, \"{}\"", read.name, document.comment), &read.digest)?;
    let envelope = document.sign(&[&hand::key(&by, Some(&settings))?]);
    read.door.review(envelope.to_bytes()).await.map_err(failure)?;
    let detail = read.door.proposal(&read.digest).await.map_err(failure)?;
    eprintln!("given.");
    views(&detail);
    Ok(Exit::Complete)
}

/// Signs the exact bytes of a proposed template.
pub(super) async fn sign(places: &Places, proposal: &str, by: &Hand) -> Result<Exit, Failure> {
    let settings = Settings::find(places).ends(Exit::Usage)?;
    let mut read = Read::proposal(&settings, proposal).await?;
    views(&read.detail);
    hand::confirm(by, &format!("{}: with enough signatures it may be asked", read.name), &read.digest)?;
    let toml = read.detail.toml.clone().into_bytes();
    let envelope = Envelope::sign(PayloadType::Template, toml, &[&hand::key(by, Some(&settings))?]);
    let receipt = read.door.sign(envelope.to_bytes()).await.map_err(failure)?;
    match (receipt.catalogue_version, receipt.missing.as_str()) {
        (Some(version), _) => eprintln!("signed; {}, in the catalogue of version {version}", receipt.state.word()),
        (None, "") => eprintln!("signed; {}", receipt.state.word()),
        (None, missing) => eprintln!("signed; {}: {}", receipt.state.word(), plain(missing)),
    }
    Ok(Exit::Complete)
}

/// Ends a template.
pub(super) async fn withdraw(places: &Places, proposal: &str, reason: &str, by: &Hand) -> Result<Exit, Failure> {
    let settings = Settings::find(places).ends(Exit::Usage)?;
    let (person, _) = hand::person(&settings)?;
    let mut door = govern(&settings).await?;
    let listed = door.proposals().await.map_err(failure)?;
    let entry = chosen(&listed, proposal)?;
    let detail = door.proposal(&entry.template_sha256).await.map_err(failure)?;
    // Stopping is to be easy: no sheet is needed for it, and a template that cannot be read any more can be stopped.
    let (id, version) = match Template::parse(detail.toml.as_bytes()) {
        Ok(template) => (template.id, template.version),
        Err(_) => (entry.id.clone(), entry.version),
    };
    let template_sha256 = entry.template_sha256;
    let document =
        WithdrawalDocument { template_sha256, id, version, person, reason: reason.trim().to_owned(), at: now() };
    document.check().ends(Exit::Usage)?;
    let what = format!("the end of {} version {version}, \"{}\"", document.id, document.reason);
    hand::confirm(by, &what, &template_sha256)?;
    let envelope = document.sign(&[&hand::key(by, Some(&settings))?]);
    door.withdraw(envelope.to_bytes()).await.map_err(failure)?;
    eprintln!("withdrawn: {} version {version}", document.id);
    Ok(Exit::Complete)
}

/// A proposal that was fetched, checked and shown.
struct Read {
    door: Governance,
    detail: ProposalDetail,
    digest: Digest,
    name: String,
    sheet: Sheet,
}

impl Read {
    async fn proposal(settings: &Settings, proposal: &str) -> Result<Self, Failure> {
        let mut door = govern(settings).await?;
        let listed = door.proposals().await.map_err(failure)?;
        let digest = chosen(&listed, proposal)?.template_sha256;
        let detail = door.proposal(&digest).await.map_err(failure)?;
        let sheet = sheet::of(settings, &mut door, &listed, detail.toml.as_bytes()).await?;
        show(&sheet);
        eprintln!("\nproposed by {}: {}", detail.summary.author, plain(&detail.why));
        Ok(Self { door, detail, digest, name: sheet.name.clone(), sheet })
    }
}

fn show(sheet: &Sheet) {
    eprintln!("{}", plain_lines(&sheet.text()));
    eprintln!("review sheet sha256: {}", sheet.digest());
}

fn views(detail: &ProposalDetail) {
    for review in &detail.reviews {
        let who = format!("{} of {}", review.reviewer, plain(&review.organisation));
        eprintln!("{who}: {}: {}", plain(&review.verdict), plain(&review.comment));
    }
    if detail.hidden_reviews > 0 {
        eprintln!("{} views are shown to you after your own", detail.hidden_reviews);
    }
}

/// The proposal that `given` names: by the beginning of its digest, else the latest version of the template of that id.
fn chosen<'a>(listed: &'a [ProposalSummary], given: &str) -> Result<&'a ProposalSummary, Failure> {
    let by_digest: Vec<_> = listed.iter().filter(|entry| hand::begins(&entry.template_sha256, given)).collect();
    let by_id = || listed.iter().filter(|entry| entry.id == given).max_by_key(|entry| entry.version);
    let found = match by_digest.as_slice() {
        [one] => Some(*one),
        [] => by_id(),
        _ => None,
    };
    let words =
        format!("no one proposal is `{given}`: `tallyward proposals` lists ids and digests (give 8 digits or more)");
    found.ok_or_else(|| Failure::told(Exit::Usage, words))
}

fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(0)
}
