//! `verify`: whether an answer follows from what its providers signed.

use std::path::Path;

use wire::{Answer, DeskError, EvidencePart, RunId, read_evidence, write_evidence};

use super::answer::asked;
use crate::arguments::VerifyArguments;
use crate::exit::Exit;
use crate::failure::{Ends as _, Failure};
use crate::output::on_stdout;
use crate::render::plain;
use crate::session::{connect, failure};
use crate::settings::{Places, Settings};
use crate::verification::{Anchors, Verified, verify_evidence, verify_proof};

/// Verifies a run: with all its evidence where the caller audits or has it in a file, else against the coordinator's
/// proof.
pub(super) async fn verify(places: &Places, arguments: VerifyArguments) -> Result<Exit, Failure> {
    if let Some(bundle) = &arguments.bundle {
        let bytes = std::fs::read(bundle).ends(Exit::Usage)?;
        let parts = read_evidence(&bytes).ends(Exit::Usage)?;
        // A file needs no settings; where there are some, what they pin counts.
        let pinned = Settings::find(places).ok();
        return made_again(&parts, &anchors(pinned.as_ref(), &arguments));
    }
    let run = arguments.run.ok_or_else(|| Failure::told(Exit::Usage, "name a run, or a file with --bundle"))?;
    let settings = Settings::find(places).ends(Exit::Usage)?;
    let anchors = anchors(Some(&settings), &arguments);
    let mut desk = connect(places).await?;
    match desk.evidence(run, arguments.revision).await {
        Ok(parts) => {
            if let Some(file) = &arguments.save {
                save(file, &parts)?;
            }
            made_again(&parts, &anchors)
        }
        Err(DeskError::NotAllowed(_)) if arguments.save.is_none() => {
            let answer = match &arguments.answer {
                Some(file) => read(file)?,
                None => asked(&mut desk, run, arguments.revision).await?,
            };
            let proof = desk.proof(run, arguments.revision).await.map_err(failure)?;
            proven(run, &answer, &proof, &anchors)
        }
        Err(error) => Err(failure(error)),
    }
}

/// What the reader pinned: by argument, else in the settings.
fn anchors(settings: Option<&Settings>, arguments: &VerifyArguments) -> Anchors {
    let VerifyArguments { root, coordinator_key, roster, .. } = arguments;
    Anchors {
        root: root.or_else(|| settings.and_then(|settings| settings.trust_root)),
        coordinator: coordinator_key.or_else(|| settings.and_then(|settings| settings.coordinator_key)),
        roster: *roster,
    }
}

fn save(file: &Path, parts: &[EvidencePart]) -> Result<(), Failure> {
    std::fs::write(file, write_evidence(parts)).ends(Exit::Usage)
}

fn read(file: &Path) -> Result<Answer, Failure> {
    let bytes = std::fs::read(file).ends(Exit::Usage)?;
    serde_json::from_slice(&bytes).map_err(|_| {
        Failure::told(Exit::Usage, "the file is not an answer as `--format json` writes it, of this version")
    })
}

/// Makes the answer again and says what was found.
fn made_again(parts: &[EvidencePart], anchors: &Anchors) -> Result<Exit, Failure> {
    let verified = verify_evidence(parts, anchors).ends(Exit::Unverified)?;
    let agrees = verified.differences.is_empty();
    let lines = lines(&verified, anchors);
    on_stdout(|out| lines.iter().try_for_each(|line| writeln!(out, "{}", plain(line)))).ends(Exit::Internal)?;
    if agrees { Ok(Exit::Complete) } else { Err(Failure::told(Exit::Unverified, verified.differences.join("; "))) }
}

fn lines(verified: &Verified, anchors: &Anchors) -> Vec<String> {
    let Verified { answer, proof, root, coordinator, unsigned, set_aside, differences } = verified;
    let pinned = |known: bool| if known { "as you pinned it" } else { "NOT pinned: compare it over a second channel" };
    let signed = proof.sites.iter().filter(|site| site.document_sha256.is_some()).count();
    let released = answer.sites.iter().filter(|site| site.outcome == wire::SiteOutcome::Released).count();
    let mut lines = vec![
        format!("run {}: {} version {}", answer.run, answer.template_id, answer.template_version),
        format!("trust root       {root}  {}", pinned(anchors.root.is_some())),
        format!("coordinator key  {coordinator}  {}", pinned(anchors.coordinator.is_some())),
        format!(
            "asked sites      {}  {} with their keys, {}",
            proof.roster_sha256,
            answer.sites.len(),
            pinned(anchors.roster.is_some())
        ),
        format!("signed documents {signed}, of which {released} releases verify  {}", proof.documents_sha256),
        format!("answer           {}  revision {}", proof.answer_sha256, answer.revision),
    ];
    if !unsigned.is_empty() {
        let codes: Vec<&str> = unsigned.iter().map(|code| code.as_str()).collect();
        lines.push(format!("without a signed document, on the coordinator's word alone: {}", codes.join(" ")));
    }
    if !set_aside.is_empty() {
        let codes: Vec<&str> = set_aside.iter().map(|code| code.as_str()).collect();
        lines.push(format!("releases that verify and were set aside; ask the coordinator why: {}", codes.join(" ")));
    }
    lines.push(if differences.is_empty() {
        "verified: the answer follows from what the sites signed".to_owned()
    } else {
        "NOT verified".to_owned()
    });
    lines
}

fn proven(run: RunId, answer: &Answer, proof: &[u8], anchors: &Anchors) -> Result<Exit, Failure> {
    let coordinator = anchors.coordinator.ok_or_else(|| {
        let words = "put the coordinator's key into your settings as `coordinator_key`, or give it with --coordinator-key; \
                     its operator announces it, and every provider has pinned it";
        Failure::told(Exit::Usage, words)
    })?;
    let (proof, mut differences) = verify_proof(answer, proof, &coordinator).ends(Exit::Unverified)?;
    if anchors.roster.is_some_and(|pinned| pinned != proof.roster_sha256) {
        differences
            .push(format!("the list of asked sites is not the one that was pinned, but {}", proof.roster_sha256));
    }
    if !differences.is_empty() {
        return Err(Failure::told(Exit::Unverified, differences.join("; ")));
    }
    let lines = [
        format!("run {run}: {} version {}", answer.template_id, answer.template_version),
        format!("asked sites      {}  {}", proof.sites.len(), proof.roster_sha256),
        format!("signed documents {}", proof.documents_sha256),
        format!("answer           {}  revision {}", proof.answer_sha256, proof.revision),
        "proven: this is the answer that the region's auditors can make again; ask one to compare these digests"
            .to_owned(),
    ];
    on_stdout(|out| lines.iter().try_for_each(|line| writeln!(out, "{}", plain(line)))).ends(Exit::Internal)?;
    Ok(Exit::Complete)
}
