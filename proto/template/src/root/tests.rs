//! Tests of the trust root: who counts, who does not, and which root may follow which.

use chrono::{DateTime, Utc};

use super::*;
use crate::approval::ApprovalError;
use crate::attested::Document as _;
use crate::keys::SigningKey;
use crate::sample::{SAMPLE, key, now, root_document, rooted};

const LATE: &str = "2030-01-01T00:00:00Z";

/// Ada (two keys) and Bea of North, Cyd and Dee of South, Eve of East.
struct People(Vec<(&'static str, &'static str, Vec<SigningKey>)>);

impl People {
    fn new() -> Self {
        let listed =
            [("ada", "North", 2), ("bea", "North", 1), ("cyd", "South", 1), ("dee", "South", 1), ("eve", "East", 1)];
        Self(listed.into_iter().map(|(name, place, keys)| (name, place, (0..keys).map(|_| key()).collect())).collect())
    }

    fn document(&self, expires: &str) -> RootDocument {
        let listed: Vec<_> = self
            .0
            .iter()
            .map(|(name, place, keys)| (*name, *place, keys.iter().map(SigningKey::public).collect()))
            .collect();
        root_document(&listed, expires)
    }

    fn keys(&self, signers: &[(usize, usize)]) -> Vec<&SigningKey> {
        signers.iter().map(|(person, key)| &self.0[*person].2[*key]).collect()
    }

    fn root(&self, expires: &str) -> TrustRoot {
        rooted(&self.document(expires), &self.keys(&[(0, 0), (2, 0)])).unwrap()
    }
}

fn too_few(people: usize) -> QuorumError {
    QuorumError::People { people, threshold: 2 }
}

const ONE_PLACE: QuorumError = QuorumError::Organisations { organisations: 1, needed: 2 };

fn check(signers: &[(usize, usize)], expected: Result<&[&str], ApprovalError>) {
    let people = People::new();
    let envelope = Envelope::sign(PayloadType::Template, SAMPLE.as_bytes().to_vec(), &people.keys(signers));
    let approved = people.root(LATE).approve(&envelope, now()).map(|approved| approved.approved_by().to_vec());
    assert_eq!(approved, expected.map(|names| names.iter().map(ToString::to_string).collect()), "{signers:?}");
}

#[test]
fn people_and_organisations_are_counted() {
    check(&[(0, 0), (2, 0)], Ok(&["ada", "cyd"]));
    // One short; one person with two keys; the same key twice.
    check(&[(0, 0)], Err(too_few(1).into()));
    check(&[(0, 0), (0, 1)], Err(too_few(1).into()));
    check(&[(0, 0), (0, 0)], Err(too_few(1).into()));
    // Both of one organisation.
    check(&[(0, 0), (1, 0)], Err(ONE_PLACE.into()));
    // The sample's author is Dee, who does not count.
    check(&[(0, 0), (3, 0)], Err(too_few(1).into()));
    check(&[(0, 0), (2, 0), (3, 0)], Ok(&["ada", "cyd"]));
    check(&[], Err(EnvelopeError::Signature.into()));
}

#[test]
fn a_foreign_signature_neither_helps_nor_harms() {
    let people = People::new();
    let stranger = key();
    let keys: Vec<_> = [&stranger].into_iter().chain(people.keys(&[(0, 0), (2, 0)])).collect();
    let envelope = Envelope::sign(PayloadType::Template, SAMPLE.as_bytes().to_vec(), &keys);
    assert!(people.root(LATE).approve(&envelope, now()).is_ok());
}

#[test]
fn time_runs_out() {
    let people = People::new();
    let envelope = Envelope::sign(PayloadType::Template, SAMPLE.as_bytes().to_vec(), &people.keys(&[(0, 0), (2, 0)]));
    let expired = people.root("2026-01-01T00:00:00Z").approve(&envelope, now());
    assert_eq!(expired.unwrap_err(), ApprovalError::RootExpired { version: 1 });
    let later: DateTime<Utc> = "2028-01-01T00:00:00Z".parse().unwrap();
    let past = people.root(LATE).approve(&envelope, later);
    assert!(matches!(past.unwrap_err(), ApprovalError::TemplateExpired(_)));
}

/// A root that is edited and signed by all must be refused, for a reason that names `expected`.
fn refused(edit: impl FnOnce(&mut RootDocument), expected: &str) {
    let people = People::new();
    let mut document = people.document(LATE);
    edit(&mut document);
    let error = rooted(&document, &people.keys(&[(0, 0), (1, 0), (2, 0), (3, 0)])).unwrap_err();
    let RootError::Document(error) = error else { panic!("{error}") };
    assert!(error.to_string().contains(expected), "{error}");
}

fn role(document: &mut RootDocument, role: Role) -> &mut RoleDocument {
    document.roles.iter_mut().find(|written| written.role == role).unwrap()
}

#[test]
fn a_root_that_asks_for_too_little_or_too_much_is_refused() {
    for of in [Role::Root, Role::Template, Role::Lookup, Role::Enrolment, Role::Rebaseline] {
        for (threshold, organisations) in [(1, 1), (2, 1), (1, 2), (6, 2), (2, 4), (0, 0), (u32::MAX, u32::MAX)] {
            let edit = |document: &mut RootDocument| {
                role(document, of).threshold = threshold;
                role(document, of).organisations = organisations;
            };
            refused(edit, &format!("role `{of}`: ask for at least 2"));
        }
    }
    refused(|document| role(document, Role::Withdrawal).threshold = 0, "role `withdrawal`");
}

#[test]
fn two_spellings_of_one_organisation_are_one() {
    let spell = |document: &mut RootDocument| {
        for (person, spelling) in document.people.iter_mut().zip(["North", "NORTH", "north", "North", "nOrth"]) {
            person.organisation = spelling.to_owned();
        }
    };
    refused(spell, "people of 1 organisations");
}

#[test]
fn people_keys_and_roles_stand_once() {
    let shared = |document: &mut RootDocument| {
        let key = document.people[0].keys[0];
        document.people[1].keys.push(key);
    };
    refused(shared, "stands twice");
    refused(|document| document.people[1].name = document.people[0].name.clone(), "`ada` stands twice");
    refused(|document| document.roles.push(document.roles[0].clone()), "stands twice");
    refused(|document| role(document, Role::Root).people.push("ada".parse().unwrap()), "`ada` stands twice");
    refused(|document| role(document, Role::Root).people.push("zoe".parse().unwrap()), "`zoe` is not among");
    refused(|document| document.people[0].keys.clear(), "at least one key");
    refused(|document| document.people[0].organisation = " ".to_owned(), "write something");
    refused(|document| document.people[0].position = "a\u{202e}b".to_owned(), "do not show");
    refused(|document| document.version = 0, "count from 1");
    refused(|document| document.roles.retain(|written| written.role != Role::Root), "role `root`");
    let online = |document: &mut RootDocument| role(document, Role::Catalogue).people = vec!["ada".parse().unwrap()];
    refused(online, "may have no other role");
}

#[test]
fn only_the_pinned_bytes_signed_by_their_own_people_are_a_root() {
    let people = People::new();
    let document = people.document(LATE);
    let signed = |signers: &[(usize, usize)]| rooted(&document, &people.keys(signers)).map(|root| root.version());
    assert_eq!(signed(&[(0, 0), (2, 0)]), Ok(1));
    for (signers, quorum) in [(vec![(0, 0)], too_few(1)), (vec![(0, 0), (1, 0)], ONE_PLACE)] {
        assert_eq!(signed(&signers), Err(RootError::Quorum { by: Whose::Itself, quorum }));
    }
    let envelope = document.sign(&people.keys(&[(0, 0), (2, 0)]));
    let found = envelope.payload_digest();
    let other = TrustRoot::pinned(&envelope.to_bytes(), Digest::of(b"other")).unwrap_err();
    assert_eq!(other, RootError::NotPinned { found });
    let release = Envelope::sign(PayloadType::Release, document.to_bytes(), &people.keys(&[(0, 0), (2, 0)]));
    let release = TrustRoot::pinned(&release.to_bytes(), found).unwrap_err();
    assert_eq!(release, EnvelopeError::PayloadType.into());
    assert_eq!(TrustRoot::pinned(b"{}", found).unwrap_err(), EnvelopeError::Malformed.into());
}

/// The version of a successor that is edited and signed by `signers` of the old people and by all of `new`.
fn rotated(
    edit: impl FnOnce(&mut RootDocument, &SigningKey),
    signers: &[(usize, usize)],
    with_new: &[()],
) -> Result<u64, RootError> {
    let (people, new) = (People::new(), key());
    let mut document = people.document(LATE);
    document.version = 2;
    edit(&mut document, &new);
    let mut keys = people.keys(signers);
    keys.extend(with_new.iter().map(|()| &new));
    people.root(LATE).succeed(&document.sign(&keys)).map(|root| root.version())
}

#[test]
fn a_root_follows_by_the_hands_of_old_and_new() {
    let nothing = |_: &mut RootDocument, _: &SigningKey| {};
    let all = &[(0, 0), (2, 0)];
    assert_eq!(rotated(nothing, all, &[]), Ok(2));
    for version in [0, 1, 3, u64::MAX] {
        let edit = |document: &mut RootDocument, _: &SigningKey| document.version = version;
        let error = rotated(edit, all, &[]).unwrap_err();
        assert!(matches!(error, RootError::Version { .. } | RootError::Document(_)), "{version}: {error}");
    }
    // Everybody's key but Eve's is replaced by one new person's in the new root: Fay of West.
    let replace = |document: &mut RootDocument, new: &SigningKey| {
        let fay = PersonDocument {
            name: "fay".parse().unwrap(),
            organisation: "West".to_owned(),
            position: "Head of governance".to_owned(),
            keys: vec![new.public()],
        };
        document.people.push(fay);
        role(document, Role::Root).people = vec!["eve".parse().unwrap(), "fay".parse().unwrap()];
    };
    let old = |quorum| Err(RootError::Quorum { by: Whose::ItsPredecessor, quorum });
    let own = |quorum| Err(RootError::Quorum { by: Whose::Itself, quorum });
    assert_eq!(rotated(replace, &[(0, 0), (4, 0)], &[()]), Ok(2));
    // Only by the new people: to the old root that is Eve alone. Only by the old: to the new root, Eve alone.
    assert_eq!(rotated(replace, &[(4, 0)], &[()]), old(too_few(1)));
    assert_eq!(rotated(replace, &[(0, 0), (4, 0)], &[]), own(too_few(1)));
    assert_eq!(rotated(replace, &[(0, 0), (2, 0)], &[()]), own(too_few(1)));
    assert_eq!(rotated(replace, &[(0, 0), (0, 1), (0, 0)], &[()]), old(too_few(1)));
    assert_eq!(rotated(replace, &[(0, 0), (1, 0)], &[()]), old(ONE_PLACE));
}

#[test]
fn every_version_between_is_needed_and_an_expired_root_may_be_put_right() {
    let people = People::new();
    let keys = people.keys(&[(0, 0), (2, 0)]);
    let version = |version: u64| {
        let mut document = people.document(LATE);
        document.version = version;
        document.sign(&keys)
    };
    let first = people.root("2026-01-01T00:00:00Z");
    assert!(first.has_expired(now()));
    let last = first.succeed_all(&[version(2), version(3), version(4)]).unwrap();
    assert_eq!((last.version(), last.has_expired(now())), (4, false));
    for wrong in [vec![version(3)], vec![version(2), version(4)], vec![version(3), version(2)]] {
        assert!(matches!(first.succeed_all(&wrong).unwrap_err(), RootError::Version { .. }));
    }
    let many: Vec<_> = (0..=ROOT_STEPS_MAX).map(|_| version(2)).collect();
    assert_eq!(first.succeed_all(&many).unwrap_err(), RootError::TooMany);
}

#[test]
fn a_template_signed_by_a_revoked_key_stops() {
    let people = People::new();
    let envelope = Envelope::sign(PayloadType::Template, SAMPLE.as_bytes().to_vec(), &people.keys(&[(0, 0), (2, 0)]));
    let mut document = people.document(LATE);
    document.version = 2;
    document.people[0].keys.remove(0);
    let first = people.root(LATE);
    assert!(first.approve(&envelope, now()).is_ok());
    let second = first.succeed(&document.sign(&people.keys(&[(0, 0), (1, 0), (2, 0)]))).unwrap();
    assert_eq!(second.approve(&envelope, now()).unwrap_err(), too_few(1).into());
}
