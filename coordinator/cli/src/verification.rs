//! Making an answer again from what its providers signed, trusting nobody.
//!
//! Everything is evidence: the trust root and its successors, the template that people approved, the orders, what each
//! site signed. [`verify_evidence`] is a function of it and of what the reader pinned; it opens no connection.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use combine::{Block, Heard, Site};
use template::{
    Approved, Digest, Enrolment, Envelope, Grouping, Lookup, ProviderKind, PublicKey, Query, Request, RootError,
    SiteFigures, TrustRoot,
};
use wire::{
    Answer, AnswerSite, AskedProvider, AskedRoster, EvidenceKind, EvidencePart, EvidenceRun, Order, Proof, ProofError,
    ProviderCode, ReportedRelease, SiteOutcome, VerifiedOrder, answer_digest, verify_refusal,
};

/// What the reader knows from elsewhere. What is not given is taken from the evidence, and told to be compared.
#[derive(Clone, Copy, Debug, Default)]
pub struct Anchors {
    /// The digest of the region's first trust root.
    pub root: Option<Digest>,
    /// The key that the coordinator signs with.
    pub coordinator: Option<PublicKey>,
    /// The digest of the list of whom the run asked, with their keys.
    pub roster: Option<Digest>,
}

/// What was found when an answer was made again.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The answer as it follows from the evidence.
    pub answer: Answer,
    /// What the coordinator committed to.
    pub proof: Proof,
    /// The digest of the trust root from which everything follows.
    pub root: Digest,
    /// The coordinator's key.
    pub coordinator: PublicKey,
    /// Sites of whose outcome there is no signed document: the coordinator's word is all there is.
    pub unsigned: Vec<ProviderCode>,
    /// Sites whose release verifies, and which the coordinator set aside as invalid.
    pub set_aside: Vec<ProviderCode>,
    /// What does not agree; nothing where all does.
    pub differences: Vec<String>,
}

/// Why an answer cannot be made again.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// A part is missing, or there are several where there is to be one.
    #[error("the evidence holds no usable {0}")]
    Part(&'static str),
    /// The trust root.
    #[error("the trust root: {0}")]
    Root(#[from] RootError),
    /// The template is not one that the region's people approved.
    #[error("the template is not approved: {0}")]
    Template(#[from] template::ApprovalError),
    /// The parameters do not fit it.
    #[error("the run's parameters do not fit its template: {0}")]
    Bind(#[from] template::BindError),
    /// The analyst's request.
    #[error("the analyst's request: {0}")]
    Request(String),
    /// Something of one site.
    #[error("{provider}: {problem}")]
    Site {
        /// Which site.
        provider: ProviderCode,
        /// What is wrong.
        problem: String,
    },
    /// What the coordinator committed to.
    #[error("the coordinator's proof: {0}")]
    Proof(#[from] ProofError),
    /// The list of whom the run asked.
    #[error("the list of asked sites is not the one that was pinned, {0}")]
    Roster(Digest),
    /// The sites' tables are not of the run's question.
    #[error("the sites' tables could not be combined: {0}")]
    Combine(#[from] combine::CombineError),
}

/// Makes an answer again from its evidence and compares it with the one that the coordinator gave.
///
/// # Errors
/// A [`VerifyError`] where the evidence does not hold. Where it does, and the answer is another one, that is told in
/// [`Verified::differences`].
pub fn verify_evidence(parts: &[EvidencePart], anchors: &Anchors) -> Result<Verified, VerifyError> {
    let run: EvidenceRun = json(one(parts, EvidenceKind::Run)?, "run")?;
    let roster_bytes = one(parts, EvidenceKind::Roster)?;
    let roster: AskedRoster = json(roster_bytes, "roster")?;
    let roster_digest = Digest::of(roster_bytes);
    if anchors.roster.is_some_and(|pinned| pinned != roster_digest) {
        return Err(VerifyError::Roster(roster_digest));
    }
    let given: Answer = json(one(parts, EvidenceKind::Answer)?, "answer")?;
    let coordinator = anchors.coordinator.unwrap_or(run.coordinator_key);
    let proof = Proof::verify(one(parts, EvidenceKind::Proof)?, &coordinator)?;
    let roots = roots(parts, anchors)?;
    let query = Arc::new(query(parts, &roots, &run)?);
    let request = request(parts, &roots, &run)?;
    let sites = sites(parts, &roster, &Asked { run: &run, coordinator: &coordinator, query: &query, request }, &given)?;

    let combined: Vec<Site<'_>> = sites
        .iter()
        .map(|site| Site {
            provider: &site.provider.code,
            kind: site.provider.kind,
            places: &site.provider.places,
            heard: Heard::of(site.outcome, site.release.as_ref().map(|release| &release.reported)),
            block: site.block.map(Block).unwrap_or_default(),
        })
        .collect();
    let grouping = Grouping::from(run.grouping);
    let lookups = lookups(parts, &roots, &run)?;
    let lookups: Vec<&Lookup> = lookups.iter().collect();
    let read: Vec<Digest> = lookups.iter().map(|lookup| lookup.digest()).collect();
    let conclusions = combine::conclude(&query, grouping, &lookups, &combined)?;
    let answer = Answer {
        run: run.run,
        template: run.template_sha256,
        parameters: run.parameters.clone(),
        purpose: run.purpose.clone(),
        analyst: run.analyst.clone(),
        asked_at: run.asked_at,
        deadline: run.deadline,
        template_id: query.template().id.clone(),
        template_version: query.template().version,
        title: query.template().title.clone(),
        dimensions: conclusions.dimensions,
        measures: conclusions.measures,
        sites: sites.iter().map(SiteEvidence::answered).collect(),
        groups: conclusions.groups,
        notes: conclusions.notes,
        ..given.clone()
    };
    let mut differences = differences(&answer, &given);
    differences.extend(sites.iter().filter_map(|site| {
        let other = site.release.as_ref().is_some_and(|release| release.header.lookups != read);
        other.then(|| format!("{}: counted by other look-ups than those of the run", site.provider.code))
    }));
    differences.extend(contradictions(&proof, &given, &sites, roster_digest, request));
    differences.extend(few_together(&query, &sites, given.revision));
    Ok(Verified {
        unsigned: sites.iter().filter(|site| site.document.is_none()).map(SiteEvidence::code).collect(),
        set_aside: sites.iter().filter(|site| site.set_aside).map(SiteEvidence::code).collect(),
        root: roots.first().map_or(Digest::of(b""), TrustRoot::digest),
        answer,
        proof,
        coordinator,
        differences,
    })
}

/// Whether an answer is the one that a coordinator committed to: its digest, and every one of its sites.
///
/// # Errors
/// A [`ProofError`] where the coordinator did not sign the proof. What does not agree is returned in plain words.
pub fn verify_proof(
    answer: &Answer,
    proof: &[u8],
    coordinator: &PublicKey,
) -> Result<(Proof, Vec<String>), ProofError> {
    let proof = Proof::verify(proof, coordinator)?;
    let mut differences = Vec::new();
    if proof.run != answer.run {
        differences.push("the proof is of another run".to_owned());
    }
    if proof.revision != answer.revision {
        differences.push(format!("the proof is of revision {}, the answer of {}", proof.revision, answer.revision));
    }
    if proof.answer_sha256 != answer_digest(answer) {
        differences.push("the answer is not the one that the coordinator committed to".to_owned());
    }
    let committed: Vec<_> = proof.sites.iter().map(|site| (&site.provider, site.outcome)).collect();
    let answered: Vec<_> = answer.sites.iter().map(|site| (&site.provider, site.outcome)).collect();
    if committed != answered {
        differences.push("the proof names other sites or outcomes than the answer".to_owned());
    }
    for site in &proof.sites {
        let signed = matches!(site.outcome, SiteOutcome::HeldOut | SiteOutcome::Released | SiteOutcome::Refused(_));
        if signed && site.document_sha256.is_none() {
            differences.push(format!("{}: an outcome without the document that the site signed", site.provider));
        }
    }
    Ok((proof, differences))
}

/// One asked site with what it signed.
struct SiteEvidence<'a> {
    provider: &'a AskedProvider,
    outcome: SiteOutcome,
    release: Option<ReportedRelease>,
    /// The digest of what it sent.
    document: Option<Digest>,
    set_aside: bool,
    /// What the coordinator says of the sums: since which revision the site is in them, and in which block.
    since: Option<u32>,
    block: Option<u32>,
}

impl SiteEvidence<'_> {
    fn code(&self) -> ProviderCode {
        self.provider.code.clone()
    }

    fn answered(&self) -> AnswerSite {
        AnswerSite {
            provider: self.code(),
            name: self.provider.name.clone(),
            kind: self.provider.kind,
            places: self.provider.places.clone(),
            outcome: self.outcome,
            as_at: self.release.as_ref().map(|release| release.header.as_at),
            since_revision: self.since,
            block: self.block,
        }
    }
}

/// What every order of the run must say.
struct Asked<'a> {
    run: &'a EvidenceRun,
    coordinator: &'a PublicKey,
    query: &'a Query,
    request: Option<Digest>,
}

fn roots(parts: &[EvidencePart], anchors: &Anchors) -> Result<Vec<TrustRoot>, VerifyError> {
    let mut envelopes = all(parts, EvidenceKind::Root);
    let first = envelopes.next().ok_or(VerifyError::Part("trust root"))?;
    let pinned = match anchors.root {
        Some(pinned) => pinned,
        None => Envelope::parse(first).map_err(RootError::Envelope)?.payload_digest(),
    };
    let mut roots = vec![TrustRoot::pinned(first, pinned)?];
    for envelope in envelopes {
        let envelope = Envelope::parse(envelope).map_err(RootError::Envelope)?;
        if let Some(last) = roots.last() {
            let next = last.succeed(&envelope)?;
            roots.push(next);
        }
    }
    Ok(roots)
}

/// The question, if its template was approved under one of the roots when it was asked.
fn query(parts: &[EvidencePart], roots: &[TrustRoot], run: &EvidenceRun) -> Result<Query, VerifyError> {
    let envelope = Envelope::parse(one(parts, EvidenceKind::Template)?).map_err(template::ApprovalError::Envelope)?;
    let approved: Approved = newest(roots, |root| root.approve(&envelope, run.asked_at))?;
    if approved.digest() != run.template_sha256 {
        return Err(VerifyError::Part("template of the run"));
    }
    let parameters: Vec<_> = run.parameters.iter().map(|given| (given.name.clone(), given.value.clone())).collect();
    Ok(Query::bind(Arc::new(approved), &parameters)?)
}

/// The look-ups that came along, if the region's people approved them.
fn lookups(parts: &[EvidencePart], roots: &[TrustRoot], run: &EvidenceRun) -> Result<Vec<Lookup>, VerifyError> {
    let approved = |bytes: &[u8]| {
        let envelope = Envelope::parse(bytes).map_err(template::ApprovalError::Envelope)?;
        newest(roots, |root| root.approve_lookup(&envelope, run.asked_at))
    };
    all(parts, EvidenceKind::Lookup).map(approved).collect()
}

/// The digest of the analyst's request, if there is one and an enrolled analyst signed it.
fn request(parts: &[EvidencePart], roots: &[TrustRoot], run: &EvidenceRun) -> Result<Option<Digest>, VerifyError> {
    let Some(request) = all(parts, EvidenceKind::Request).next() else { return Ok(None) };
    let words = |error: &dyn std::fmt::Display| VerifyError::Request(error.to_string());
    let enrolment = Envelope::parse(one(parts, EvidenceKind::Enrolment)?).map_err(|error| words(&error))?;
    let enrolment: Enrolment = newest(roots, |root| root.enrolment(&enrolment, run.asked_at))?;
    let envelope = Envelope::parse(request).map_err(|error| words(&error))?;
    let request = Request::verify(&envelope, enrolment.document()).map_err(|error| words(&error))?;
    let document = request.document();
    for (agrees, what) in [
        (document.template_sha256 == run.template_sha256, "another template"),
        (document.analyst == run.analyst, "another analyst"),
        (document.purpose == run.purpose, "another purpose"),
    ] {
        if !agrees {
            return Err(VerifyError::Request(format!("it names {what} than the run")));
        }
    }
    document.in_time(run.asked_at).map_err(|error| words(&error))?;
    Ok(Some(request.digest()))
}

/// What the newest root says that says yes; else what the newest says.
fn newest<T>(
    roots: &[TrustRoot],
    ask: impl Fn(&TrustRoot) -> Result<T, template::ApprovalError>,
) -> Result<T, VerifyError> {
    let mut last = None;
    for root in roots.iter().rev() {
        match ask(root) {
            Ok(found) => return Ok(found),
            Err(error) => last = last.or(Some(error)),
        }
    }
    last.map_or(Err(VerifyError::Part("trust root")), |error| Err(error.into()))
}

/// Every asked site, in the order of the list, with what it signed: each order is followed by what came of it.
fn sites<'a>(
    parts: &[EvidencePart],
    roster: &'a AskedRoster,
    asked: &Asked<'_>,
    given: &Answer,
) -> Result<Vec<SiteEvidence<'a>>, VerifyError> {
    let mut orders: Vec<(VerifiedOrder, Option<&EvidencePart>)> = Vec::new();
    for part in parts {
        match part.kind {
            EvidenceKind::Order => {
                let order = Order::verify(&part.bytes, asked.coordinator).map_err(|_| VerifyError::Part("order"))?;
                orders.push((order, None));
            }
            EvidenceKind::Release | EvidenceKind::Refusal | EvidenceKind::Invalid => {
                let (_, outcome) = orders.last_mut().ok_or(VerifyError::Part("order of an outcome"))?;
                if outcome.replace(part).is_some() {
                    return Err(VerifyError::Part("single outcome of an order"));
                }
            }
            _ => {}
        }
    }
    let mut seen = BTreeSet::new();
    let of = |provider: &'a AskedProvider| {
        let bad = |problem: &str| VerifyError::Site { provider: provider.code.clone(), problem: problem.to_owned() };
        if !seen.insert(&provider.code) {
            return Err(bad("stands twice in the list of asked sites"));
        }
        let mut own = orders.iter().filter(|(order, _)| order.order().provider == provider.code);
        let (order, outcome) = own.next().ok_or_else(|| bad("there is no order to it"))?;
        if own.next().is_some() {
            return Err(bad("there are two orders to it"));
        }
        same_question(order.order(), asked).map_err(|what| bad(&format!("its order asks {what}")))?;
        site(provider, order, outcome.as_deref(), asked, given).map_err(|problem| bad(&problem))
    };
    let sites = roster.providers.iter().map(of).collect::<Result<Vec<_>, _>>()?;
    if orders.len() != sites.len() {
        return Err(VerifyError::Part("list of asked sites: there are orders to others"));
    }
    Ok(sites)
}

fn same_question(order: &Order, asked: &Asked<'_>) -> Result<(), &'static str> {
    let run = asked.run;
    let parameters: Vec<_> = run.parameters.iter().map(|given| (given.name.clone(), given.value.clone())).collect();
    for (agrees, what) in [
        (order.run == run.run, "for another run"),
        (order.template == run.template_sha256, "with another template"),
        (order.parameters == parameters, "with other parameters"),
        (order.purpose == run.purpose, "for another purpose"),
        (order.analyst == run.analyst, "for another analyst"),
        (order.request == asked.request, "under another request"),
    ] {
        if !agrees {
            return Err(what);
        }
    }
    Ok(())
}

fn site<'a>(
    provider: &'a AskedProvider,
    order: &VerifiedOrder,
    outcome: Option<&EvidencePart>,
    asked: &Asked<'_>,
    given: &Answer,
) -> Result<SiteEvidence<'a>, String> {
    let release = |bytes: &[u8]| {
        ReportedRelease::verify(bytes, &provider.key, order.order(), &order.digest(), provider.kind, asked.query)
    };
    let document = outcome.map(|part| Digest::of(&part.bytes));
    let said = given.sites.iter().find(|site| site.provider == provider.code);
    let heard = |outcome, release: Option<ReportedRelease>, set_aside| {
        // Only a release is in a sum.
        let (since, block) = said.filter(|_| release.is_some()).map_or((None, None), |s| (s.since_revision, s.block));
        SiteEvidence { provider, outcome, release, document, set_aside, since, block }
    };
    match outcome {
        Some(part) if part.kind == EvidenceKind::Release => {
            let release = release(&part.bytes).map_err(|error| format!("its release does not verify: {error}"))?;
            // Which releases are held out of the sums is the coordinator's word; that they are in none is checked.
            let held_out = said.is_some_and(|said| said.outcome == SiteOutcome::HeldOut);
            Ok(heard(if held_out { SiteOutcome::HeldOut } else { SiteOutcome::Released }, Some(release), false))
        }
        Some(part) if part.kind == EvidenceKind::Refusal => {
            let refusal = verify_refusal(&part.bytes, &provider.key, &order.order().id, &provider.code);
            let refusal = refusal.map_err(|error| format!("its refusal does not verify: {error}"))?;
            Ok(heard(SiteOutcome::Refused(refusal), None, false))
        }
        Some(part) => Ok(heard(SiteOutcome::InvalidRelease, None, release(&part.bytes).is_ok())),
        None => match said.map(|site| site.outcome) {
            Some(said @ (SiteOutcome::NotConnected | SiteOutcome::TimedOut)) => Ok(heard(said, None, false)),
            Some(_) => Err("the answer gives it an outcome that nothing proves".to_owned()),
            None => Err("it was asked, and the answer does not name it".to_owned()),
        },
    }
}

/// Blocks of sites that are smaller than the template allows, or come from a revision that is not there yet: two answers
/// could be subtracted.
fn few_together(query: &Query, sites: &[SiteEvidence<'_>], revision: u32) -> Vec<String> {
    let mut problems = Vec::new();
    if sites.iter().any(|site| site.since.is_some() != site.block.is_some() || site.since > Some(revision)) {
        problems.push("sites are said to be in sums of revisions that they cannot be in".to_owned());
    }
    let mut numbers: BTreeMap<(u32, ProviderKind), u32> = BTreeMap::new();
    for site in sites {
        if let Some(block) = site.block {
            *numbers.entry((block, site.provider.kind)).or_default() += 1;
        }
    }
    let template = query.template();
    let few = numbers.iter().any(|((_, kind), number)| *number < template.min_sites(*kind));
    if few && template.sites == SiteFigures::Hidden {
        problems.push("sites were added to the sums, fewer at once than the template allows".to_owned());
    }
    problems
}

fn differences(made: &Answer, given: &Answer) -> Vec<String> {
    let mut differences = Vec::new();
    for (agrees, what) in [
        (made.sites == given.sites, "the sites and their outcomes"),
        (made.groups == given.groups, "the combined figures"),
        (made.dimensions == given.dimensions && made.measures == given.measures, "the dimensions and measures"),
        (made.parameters == given.parameters, "the parameters"),
        (made.notes == given.notes, "the notes"),
    ] {
        if !agrees {
            differences.push(format!("{what} are not those that follow from the evidence"));
        }
    }
    if differences.is_empty() && made != given {
        differences.push("the answer is not the one that follows from the evidence".to_owned());
    }
    differences
}

/// Where the coordinator's commitment says something else than the evidence.
fn contradictions(
    proof: &Proof,
    given: &Answer,
    sites: &[SiteEvidence<'_>],
    roster: Digest,
    request: Option<Digest>,
) -> Vec<String> {
    let committed = proof.sites.iter().map(|site| (&site.provider, site.document_sha256));
    let found = sites.iter().map(|site| (&site.provider.code, site.document));
    let mut contradictions = Vec::new();
    for (agrees, what) in [
        (proof.run == given.run && proof.template_sha256 == given.template, "the run or its template"),
        (proof.answer_sha256 == answer_digest(given), "the answer"),
        (proof.roster_sha256 == roster, "the list of asked sites"),
        (proof.request_sha256 == request, "the analyst's request"),
        (committed.eq(found), "what the sites sent"),
    ] {
        if !agrees {
            contradictions.push(format!("the coordinator committed to something else as {what}"));
        }
    }
    contradictions
}

fn all(parts: &[EvidencePart], kind: EvidenceKind) -> impl Iterator<Item = &[u8]> {
    parts.iter().filter(move |part| part.kind == kind).map(|part| part.bytes.as_slice())
}

fn one(parts: &[EvidencePart], kind: EvidenceKind) -> Result<&[u8], VerifyError> {
    let mut found = all(parts, kind);
    match (found.next(), found.next()) {
        (Some(bytes), None) => Ok(bytes),
        _ => Err(VerifyError::Part(kind.word())),
    }
}

fn json<T: serde::de::DeserializeOwned>(bytes: &[u8], what: &'static str) -> Result<T, VerifyError> {
    serde_json::from_slice(bytes).map_err(|_| VerifyError::Part(what))
}
