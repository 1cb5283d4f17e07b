//! Tests of catalogues and of the other documents of governance, as bytes: what is signed, what may follow what.

use chrono::Duration;

use super::*;
use crate::approval::ApprovalError;
use crate::attested::{Document, DocumentError};
use crate::digest::Digest;
use crate::dsse::{Envelope, EnvelopeError, PayloadType};
use crate::id::{Epoch, RequestId};
use crate::keys::SigningKey;
use crate::role::Role;
use crate::root::{QuorumError, TrustRoot};
use crate::sample::{key, now, root_document, rooted};

struct Region {
    ada: SigningKey,
    bea: SigningKey,
    catalogue: SigningKey,
    root: TrustRoot,
}

impl Region {
    fn new() -> Self {
        let (ada, bea, catalogue) = (key(), key(), key());
        let people = [("ada", "North", vec![ada.public()]), ("bea", "South", vec![bea.public()])];
        let mut document = root_document(&people, "2030-01-01T00:00:00Z");
        document.people.last_mut().unwrap().keys = vec![catalogue.public()];
        let root = rooted(&document, &[&ada, &bea]).unwrap();
        Self { ada, bea, catalogue, root }
    }

    fn take(&self, document: &CatalogueDocument) -> Result<Catalogue, ApprovalError> {
        self.root.catalogue(&document.sign(&[&self.catalogue]), now())
    }
}

fn pinned(text: &str) -> PinnedBytes {
    PinnedBytes::of(text.as_bytes())
}

fn listed(id: &str, version: u32, status: TemplateStatus) -> ListedTemplate {
    let text = format!("{id} {version}");
    ListedTemplate {
        id: id.to_owned(),
        version,
        sha256: Digest::of(text.as_bytes()),
        envelope: pinned(&format!("envelope of {text}")),
        status,
    }
}

fn of_version(version: u64, text: &str) -> Option<ListedDocument> {
    Some(ListedDocument { version, sha256: Digest::of(text.as_bytes()), envelope: pinned(text) })
}

/// Version 7: one template approved, one superseded, one withdrawn; a look-up of version 3; documents of version 2.
fn seventh() -> CatalogueDocument {
    CatalogueDocument {
        version: 7,
        issued_at: now() - Duration::hours(1),
        expires: now() + Duration::hours(23),
        root_version: 1,
        templates: vec![
            listed("beds", 1, TemplateStatus::Superseded),
            listed("beds", 2, TemplateStatus::Approved),
            listed("costs", 1, TemplateStatus::Withdrawn),
        ],
        lookups: vec![ListedLookup {
            name: "practice_locality".to_owned(),
            version: 3,
            sha256: Digest::of(b"look-up"),
            envelope: pinned("look-up"),
        }],
        withdrawals: vec![pinned("withdrawal")],
        enrolment: of_version(2, "enrolment"),
        agreements: of_version(2, "agreements"),
    }
}

/// Whether the seventh catalogue, edited, may follow the seventh; for which reason not.
fn check(keys: CatalogueKeys, edit: impl FnOnce(&mut CatalogueDocument), expected: Result<Succession, &str>) {
    let region = Region::new();
    let known = TakenCatalogue::from(&region.take(&seventh()).unwrap());
    let mut document = seventh();
    document.version = 8;
    edit(&mut document);
    let found = region.take(&document).unwrap().succeeds(&known, keys).map_err(|error| error.to_string());
    match (&found, expected) {
        (Ok(found), Ok(expected)) => assert_eq!(*found, expected),
        (Err(found), Err(expected)) => assert!(found.contains(expected), "{found}: expected {expected}"),
        _ => panic!("{found:?}: expected {expected:?}"),
    }
}

#[test]
fn versions_only_rise_and_what_was_listed_stays() {
    use CatalogueKeys::{Replaced, Same};
    use Succession::Newer;
    check(Same, |_| {}, Ok(Newer));
    check(Same, |c| *c = seventh(), Ok(Succession::Same));
    // B9, B10, B12: rolled back; the same version with other content; one file cannot be mixed of two days.
    check(Same, |c| c.version = 6, Err("rolled back: version 6 after version 7"));
    let other = |c: &mut CatalogueDocument| (c.version, c.templates[1].envelope) = (7, pinned("other"));
    check(Same, other, Err("mixed: other bytes under the known version 7"));
    check(Same, |c| c.root_version = 1, Ok(Newer));
    // B13: a template dropped in place of withdrawn; a withdrawn one that comes back; other bytes under its name.
    check(Same, |c| drop(c.templates.remove(1)), Err("dropped: beds version 2"));
    check(Same, |c| drop(c.templates.remove(0)), Err("dropped: beds version 1"));
    check(Same, |c| c.templates[2].status = TemplateStatus::Approved, Err("costs version 1 was withdrawn"));
    check(Same, |c| c.templates[2].status = TemplateStatus::Superseded, Err("costs version 1 was withdrawn"));
    check(Same, |c| c.templates[1].sha256 = Digest::of(b"x"), Err("mixed: beds version 2"));
    check(Same, |c| c.templates[1].status = TemplateStatus::Withdrawn, Ok(Newer));
    // A signature is added to an approved template: another envelope around the same bytes.
    check(Same, |c| c.templates[1].envelope = pinned("more signatures"), Ok(Newer));
    check(Same, |c| c.withdrawals.clear(), Err("dropped: the withdrawal"));
    // Look-ups and documents.
    check(Same, |c| c.lookups.clear(), Err("dropped: the look-up"));
    check(Same, |c| c.lookups[0].version = 2, Err("rolled back: the look-up"));
    check(Same, |c| c.lookups[0].sha256 = Digest::of(b"x"), Err("mixed: the look-up"));
    check(Same, |c| c.lookups[0].version = 4, Ok(Newer));
    check(Same, |c| c.enrolment = None, Err("dropped: the enrolment"));
    check(Same, |c| c.enrolment = of_version(1, "enrolment"), Err("rolled back: the enrolment"));
    check(Same, |c| c.agreements = of_version(2, "others"), Err("mixed: the list of agreements"));
    check(Same, |c| c.agreements = of_version(3, "others"), Ok(Newer));
    // B14: a thief runs ahead; with new keys the numbers may begin again, and nothing else may.
    check(Same, |c| c.version = 7 + CATALOGUE_JUMP_MAX, Ok(Newer));
    check(Same, |c| c.version = 8 + CATALOGUE_JUMP_MAX, Err("more than"));
    check(Same, |c| c.version = u64::MAX, Err("more than"));
    check(Replaced, |c| c.version = 1, Ok(Newer));
    check(Replaced, |c| (c.version, c.lookups[0].version) = (1, 2), Err("rolled back: the look-up"));
    check(Replaced, |c| c.templates.clear(), Err("dropped"));
}

#[test]
fn a_catalogue_made_under_an_older_root_is_rolled_back() {
    let region = Region::new();
    let mut under_second = seventh();
    under_second.root_version = 2;
    let known = TakenCatalogue::from(&region.take(&under_second).unwrap());
    let mut next = seventh();
    next.version = 8;
    let error = region.take(&next).unwrap().succeeds(&known, CatalogueKeys::Replaced).unwrap_err();
    assert_eq!(error, SuccessionError::OlderRoot { found: 1, known: 2 });
}

#[test]
fn what_was_taken_can_be_read_again() {
    let region = Region::new();
    let taken = TakenCatalogue::from(&region.take(&seventh()).unwrap());
    let read = TakenCatalogue::read(&seventh().to_bytes()).unwrap();
    assert_eq!(taken, read);
    assert_eq!(read.digest(), Digest::of(&seventh().to_bytes()));
}

/// An edited catalogue is refused before it is compared with anything.
fn refused(edit: impl FnOnce(&mut CatalogueDocument), expected: &str) {
    let mut document = seventh();
    edit(&mut document);
    let error = Region::new().take(&document).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}: expected {expected}");
}

#[test]
fn stale_future_and_senseless_catalogues_are_refused() {
    // B11, B22: the catalogue ran out, or was made tomorrow.
    refused(|c| c.expires = now(), "expired");
    refused(|c| c.issued_at = now() + Duration::seconds(61), "in the future");
    assert!(Region::new().take(&CatalogueDocument { issued_at: now() + Duration::seconds(60), ..seventh() }).is_ok());
    refused(|c| c.expires = c.issued_at + Duration::days(7) + Duration::seconds(1), "at most 7 days");
    refused(|c| c.expires = c.issued_at, "at most 7 days");
    refused(|c| c.version = 0, "count from 1");
    refused(|c| c.root_version = 0, "count from 1");
    refused(|c| c.templates.push(listed("beds", 3, TemplateStatus::Approved)), "two versions of `beds` are approved");
    refused(|c| c.templates.push(c.templates[0].clone()), "stands twice");
    refused(|c| c.lookups.push(c.lookups[0].clone()), "stands twice");
    refused(|c| c.templates[0].envelope.length = u64::MAX, "out of bounds");
    refused(|c| c.templates[0].envelope.length = 0, "out of bounds");
    // B17: names.
    for id in ["", "../../x", "%2e%2e", "be\u{202e}ds", &"a".repeat(10_000)] {
        refused(|c| c.templates[0].id = id.to_owned(), "1 to 80 of a-z");
    }
    let many = |c: &mut CatalogueDocument| {
        let most = u32::try_from(CATALOGUE_TEMPLATES_MAX).unwrap();
        c.templates = (1..=most + 1).map(|n| listed("beds", n, TemplateStatus::Superseded)).collect();
    };
    let mut document = seventh();
    many(&mut document);
    assert!(Region::new().take(&document).is_err());
}

#[test]
fn a_catalogue_is_signed_by_its_own_key_alone() {
    let region = Region::new();
    for stranger in [&region.ada, &region.bea, &key()] {
        let error = region.root.catalogue(&seventh().sign(&[stranger]), now()).unwrap_err();
        assert_eq!(error, EnvelopeError::Signature.into());
    }
    // B21: another signed document in its place. B15: too long.
    let other = Envelope::sign(PayloadType::Release, seventh().to_bytes(), &[&region.catalogue]);
    assert_eq!(region.root.catalogue(&other, now()).unwrap_err(), EnvelopeError::PayloadType.into());
    let mut long = seventh().to_bytes();
    long.resize(PayloadType::Catalogue.payload_bytes_max() + 1, b' ');
    let long = Envelope::sign(PayloadType::Catalogue, long, &[&region.catalogue]);
    assert_eq!(region.root.catalogue(&long, now()).unwrap_err(), EnvelopeError::TooLong.into());
    assert!(PayloadType::Catalogue.envelope_bytes_max() < 2 * 1024 * 1024);
}

#[test]
fn hostile_json_is_refused_before_use() {
    // B20: duplicate key, unknown field, float, byte-order mark, depth; and trailing bytes.
    let good = String::from_utf8(seventh().to_bytes()).unwrap();
    let region = Region::new();
    let take = |text: &str| {
        let envelope = Envelope::sign(PayloadType::Catalogue, text.as_bytes().to_vec(), &[&region.catalogue]);
        region.root.catalogue(&envelope, now())
    };
    assert!(take(&good).is_ok());
    for hostile in [
        good.replacen("\"version\": 7", "\"version\": 7, \"version\": 7", 1),
        good.replacen("\"version\": 7", "\"version\": 7, \"extra\": 1", 1),
        good.replacen("\"version\": 7", "\"version\": 7.0", 1),
        good.replacen("\"version\": 7", "\"version\": 18446744073709551616", 1),
        good.replacen("\"version\": 7", "\"version\": -1", 1),
        good.replacen("\"withdrawals\": [", &format!("\"withdrawals\": {}", "[".repeat(100)), 1),
        format!("\u{feff}{good}"),
        format!("{good}{{}}"),
        good.replacen("11:00:00Z", "11:00:00+00:00", 1),
        good.replacen("11:00:00Z", "11:00:00.0Z", 1),
        String::new(),
    ] {
        let error = take(&hostile).unwrap_err();
        assert!(matches!(error, ApprovalError::Document(DocumentError::Syntax { .. })), "{error}: {hostile}");
    }
}

#[test]
fn fetched_bytes_are_those_that_are_pinned() {
    let envelope = Envelope::sign(PayloadType::Template, b"x".to_vec(), &[&key()]).to_bytes();
    let pin = PinnedBytes::of(&envelope);
    assert!(pin.open(&envelope).is_ok());
    // B19: one space more, and one character changed.
    let longer = [envelope.as_slice(), b" "].concat();
    assert!(matches!(pin.open(&longer).unwrap_err(), PinnedError::Length { .. }));
    let mut altered = envelope;
    let last = altered.last_mut().unwrap();
    *last = b' ';
    assert_eq!(pin.open(&altered).unwrap_err(), PinnedError::Digest);
}

fn withdrawal(person: &str) -> WithdrawalDocument {
    WithdrawalDocument {
        template_sha256: Digest::of(b"beds"),
        id: "beds".to_owned(),
        version: 2,
        person: person.parse().unwrap(),
        reason: "the agreement is disputed".to_owned(),
        at: now(),
    }
}

#[test]
fn one_person_stops_a_template_in_their_own_name() {
    let Region { ada, bea, catalogue, root } = Region::new();
    let take =
        |person: &str, key: &SigningKey| root.withdrawal(&withdrawal(person).sign(&[key]), now()).map(|w| w.digest());
    assert_eq!(take("ada", &ada), Ok(Digest::of(&withdrawal("ada").to_bytes())));
    assert_eq!(take("ada", &bea), Err(ApprovalError::AnotherHand { named: "ada".to_owned() }));
    assert_eq!(take("ada", &catalogue), Err(EnvelopeError::Signature.into()));
}

#[test]
fn a_review_is_by_the_reviewers_own_hand() {
    let Region { ada, bea, catalogue, root } = Region::new();
    let check = |reviewer: &str, organisation: &str, verdict: Verdict, keys: &[&SigningKey], good: bool| {
        let document = ReviewDocument {
            template_sha256: Digest::of(b"beds"),
            reviewer: reviewer.parse().unwrap(),
            organisation: organisation.to_owned(),
            verdict,
            comment: "read".to_owned(),
            review_sheet_sha256: Digest::of(b"sheet"),
            at: now(),
        };
        let found = root.review(&document.sign(keys), now());
        assert_eq!(found.is_ok(), good, "{reviewer} of {organisation}: {found:?}");
    };
    check("ada", "North", Verdict::Approve, &[&ada], true);
    check("ada", "North", Verdict::Object, &[&bea], false);
    check("ada", "South", Verdict::Comment, &[&ada], false);
    check("ada", "North", Verdict::Comment, &[&ada, &bea], false);
    check("catalogue", "The region", Verdict::Comment, &[&catalogue], true);
    check("catalogue", "The region", Verdict::Approve, &[&catalogue], false);
    check("zoe", "North", Verdict::Comment, &[&ada], false);
}

#[test]
fn an_acceptance_is_one_guardians_for_one_provider() {
    let (guardian, other) = (key(), key());
    let document = |provider: &str, name: &str| AcceptanceDocument {
        provider: provider.parse().unwrap(),
        template_sha256: Digest::of(b"beds"),
        verdict: AcceptanceVerdict::Accept,
        guardian: name.parse().unwrap(),
        reason: "fits our duty of confidence".to_owned(),
        at: now(),
    };
    let (provider, name) = ("RYA".parse().unwrap(), "ada".parse().unwrap());
    let take = |document: &AcceptanceDocument, key: &SigningKey| {
        Acceptance::verify(&document.sign(&[key]), &provider, &name, &[guardian.public()]).map(|_| ())
    };
    assert_eq!(take(&document("RYA", "ada"), &guardian), Ok(()));
    assert_eq!(take(&document("RYA", "ada"), &other), Err(EnvelopeError::Signature.into()));
    assert!(matches!(take(&document("RYB", "ada"), &guardian), Err(AcceptanceError::AnotherProvider(_))));
    assert!(matches!(take(&document("RYA", "bea"), &guardian), Err(AcceptanceError::AnotherGuardian(_))));
}

#[test]
fn enrolment_and_agreements_take_two_people_of_two_organisations() {
    let region = Region::new();
    let Region { ada, bea, root, .. } = &region;
    let enrolment = EnrolmentDocument { version: 1, analysts: Vec::new(), auditors: Vec::new() };
    assert!(root.enrolment(&enrolment.sign(&[ada, bea]), now()).is_ok());
    let few = QuorumError::People { people: 1, threshold: 2 };
    assert_eq!(root.enrolment(&enrolment.sign(&[ada, ada]), now()).unwrap_err(), few.clone().into());
    let rebaseline = RebaselineDocument {
        provider: "RYA".parse().unwrap(),
        epoch: Epoch::from_bytes([7; 16]),
        after_size: 9,
        after_head: Digest::of(b"head"),
        reason: "restored after a fire".to_owned(),
        at: now(),
    };
    // F7: one signature short.
    assert_eq!(root.rebaseline(&rebaseline.sign(&[bea]), now()).unwrap_err(), few.into());
    assert!(root.rebaseline(&rebaseline.sign(&[ada, bea]), now()).is_ok());
    assert_eq!(root.quorum(Role::Rebaseline).unwrap().threshold, 2);
}

#[test]
fn an_agreement_carries_runs_from_its_first_day_to_its_last() {
    let agreement = AgreementDocument {
        id: "ISA-1".to_owned(),
        title: "Integrated care".to_owned(),
        parties: vec!["North".to_owned()],
        starts: "2026-01-01".parse().unwrap(),
        expires: "2026-12-31".parse().unwrap(),
    };
    let list = AgreementsDocument { version: 1, agreements: vec![agreement] };
    let check = |id: &str, day: &str, good: bool| {
        assert_eq!(list.in_force(id, day.parse().unwrap()).is_ok(), good, "{id} on {day}");
    };
    check("ISA-1", "2026-01-01", true);
    check("ISA-1", "2026-12-31", true);
    check("ISA-1", "2025-12-31", false);
    check("ISA-1", "2027-01-01", false);
    check("ISA-2", "2026-06-01", false);
    let mut backwards = list.clone();
    backwards.agreements[0].expires = "2025-01-01".parse().unwrap();
    assert!(backwards.check().is_err());
}

fn request() -> RequestDocument {
    RequestDocument {
        request_id: RequestId::random().unwrap(),
        template_sha256: Digest::of(b"beds"),
        parameters: vec![RequestParameter { name: "from".to_owned(), value: "2024-04".to_owned() }],
        purpose: "Plan beds".to_owned(),
        analyst: "ada.analyst".parse().unwrap(),
        organisation: "North".to_owned(),
        grouping: String::new(),
        issued_at: now(),
        expires_at: now() + Duration::minutes(15),
    }
}

#[test]
fn a_request_is_in_the_hand_of_the_enrolled_analyst() {
    let (hand, other) = (key(), key());
    let analyst = |name: &str, key: &SigningKey| AnalystDocument {
        name: name.parse().unwrap(),
        organisation: "North".to_owned(),
        keys: vec![key.public()],
    };
    let analysts = vec![analyst("ada.analyst", &hand), analyst("bea.analyst", &other)];
    let enrolment = EnrolmentDocument { version: 1, analysts, auditors: vec!["ada.analyst".parse().unwrap()] };
    let check = |edit: &dyn Fn(&mut RequestDocument), key: &SigningKey, good: bool| {
        let mut document = request();
        edit(&mut document);
        let found = Request::verify(&document.sign(&[key]), &enrolment);
        assert_eq!(found.is_ok(), good, "{found:?}");
    };
    check(&|_| {}, &hand, true);
    // A9, A10: another enrolled analyst's key, the coordinator's, a changed organisation.
    check(&|_| {}, &other, false);
    check(&|_| {}, &key(), false);
    check(&|r| r.organisation = "South".to_owned(), &hand, false);
    check(&|r| r.analyst = "bea.analyst".parse().unwrap(), &hand, false);
    check(&|r| r.expires_at = r.issued_at + Duration::minutes(16), &hand, false);
    check(&|r| r.expires_at = r.issued_at, &hand, false);
    check(&|r| r.parameters.push(r.parameters[0].clone()), &hand, false);
    check(&|r| r.purpose = "a\u{202e}b".to_owned(), &hand, false);
    let in_time = |seconds: i64| request().in_time(now() + Duration::seconds(seconds)).is_ok();
    assert_eq!([-61, -60, 0, 960, 961].map(in_time), [false, true, true, true, false]);
    assert!(enrolment.audits(&"ada.analyst".parse().unwrap()) && !enrolment.audits(&"bea.analyst".parse().unwrap()));
}

#[test]
fn a_checkpoint_is_signed_by_owner_and_witness() {
    let (owner, witness) = (key(), key());
    let document = CheckpointDocument {
        log: "provider:RYA".parse().unwrap(),
        epoch: Epoch::from_bytes([1; 16]),
        size: 3,
        head: Digest::of(b"head"),
        at: now(),
    };
    let mut envelope = document.sign(&[&owner]);
    let (ours, theirs) = (owner.public(), witness.public());
    assert!(Checkpoint::verify(&envelope, &ours).is_ok());
    assert!(Checkpoint::verify(&envelope, &theirs).is_err());
    assert!(Checkpoint::witnessed(&envelope, &ours, &theirs).is_err());
    envelope.add_signature(&witness).unwrap();
    assert!(Checkpoint::witnessed(&envelope, &ours, &theirs).is_ok());
    assert!(Checkpoint::witnessed(&envelope, &ours, &ours).is_err());
    for name in ["", "provider:", "provider:rya", "coordinator ", "node:RYA"] {
        assert!(name.parse::<LogName>().is_err(), "{name}");
    }
}

/// Made by WebCrypto (`crypto.subtle.sign("Ed25519", ..)`) with the key whose seed is 32 times 7, over the bytes below.
const SIGNATURE: &str = "460b3a3d92f664adfa131091e1b5b6eb0ec26cbb4e7be519ef9fb5f78a6d9e46\
                         daee63ffb428f09d6857b76cb881c8b44d2bfd12bfeb30a63e8d4164ee86470c";
/// That key's public half.
const PUBLIC: &str = "ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c";

#[test]
fn a_browser_can_sign_the_same_bytes() {
    let seed = [7_u8; 32];
    let mut pkcs8 =
        vec![0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    pkcs8.extend_from_slice(&seed);
    let key = SigningKey::from_pkcs8(&pkcs8).unwrap();
    let body = b"{\"hello\":\"world\"}".to_vec();
    assert_eq!(
        crate::dsse::signed_bytes(PayloadType::Review, &body),
        b"DSSEv1 40 application/vnd.tallyward.review.v1+json 17 {\"hello\":\"world\"}"
    );
    let signature =
        SIGNATURE.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap());
    let signature: Vec<u8> = signature.collect();
    assert_eq!(key.public().to_string(), PUBLIC);
    let made_elsewhere = Envelope::around(PayloadType::Review, body.clone(), &key.public(), signature.clone()).unwrap();
    assert_eq!(made_elsewhere.to_bytes(), Envelope::sign(PayloadType::Review, body.clone(), &[&key]).to_bytes());
    let as_withdrawal = Envelope::around(PayloadType::Withdrawal, body, &key.public(), signature);
    assert_eq!(as_withdrawal.unwrap_err(), EnvelopeError::Signature);
}
