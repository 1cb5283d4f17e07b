//! A trust root as written: people, and what each role may sign.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::attested::{self, Document, DocumentError, part};
use crate::dsse::PayloadType;
use crate::keys::PublicKey;
use crate::name::PersonName;
use crate::role::Role;
use crate::text;
use crate::time;

/// The most people of a trust root.
const PEOPLE_MAX: usize = 200;
/// The most keys of one person.
const KEYS_MAX: usize = 8;

/// A trust root as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RootDocument {
    /// Counts from 1; a successor's is one higher.
    pub version: u64,
    /// From this moment on it may not be used.
    #[serde(with = "time::serde_text")]
    pub expires: DateTime<Utc>,
    /// The people, each once.
    pub people: Vec<PersonDocument>,
    /// What they may sign. A role that is not listed is nobody's.
    pub roles: Vec<RoleDocument>,
}

/// A person of a trust root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonDocument {
    /// The name, which stands in the person's certificate, too.
    pub name: PersonName,
    /// The organisation that the person works for.
    pub organisation: String,
    /// What the person is there, as in `Caldicott guardian`.
    pub position: String,
    /// The person's keys, none of them another's.
    pub keys: Vec<PublicKey>,
}

/// Who may sign what, and how many of them it takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleDocument {
    /// What is signed.
    pub role: Role,
    /// Who may.
    pub people: Vec<PersonName>,
    /// How many people it takes.
    pub threshold: u32,
    /// Of how many organisations.
    pub organisations: u32,
}

impl RootDocument {
    /// A root in which all `people` have every role but the catalogue's, which is `catalogue`'s alone. A withdrawal takes
    /// one person, everything else two of two organisations.
    #[must_use]
    pub fn of_equals(
        version: u64,
        expires: DateTime<Utc>,
        people: Vec<PersonDocument>,
        catalogue: PersonDocument,
    ) -> Self {
        let names: Vec<PersonName> = people.iter().map(|person| person.name.clone()).collect();
        let roles = Role::ALL.map(|role| match role {
            Role::Catalogue => {
                RoleDocument { role, people: vec![catalogue.name.clone()], threshold: 1, organisations: 1 }
            }
            Role::Withdrawal => RoleDocument { role, people: names.clone(), threshold: 1, organisations: 1 },
            _ => RoleDocument { role, people: names.clone(), threshold: 2, organisations: 2 },
        });
        Self { version, expires, people: people.into_iter().chain([catalogue]).collect(), roles: roles.into() }
    }

    /// How many organisations these people are of.
    fn organisations_of<'a>(&self, names: impl Iterator<Item = &'a PersonName>) -> usize {
        let of = |name: &PersonName| {
            self.people.iter().find(|person| person.name == *name).map(|p| text::folded(&p.organisation))
        };
        names.filter_map(of).collect::<BTreeSet<_>>().len()
    }

    fn check_role(&self, written: &RoleDocument) -> Result<(), DocumentError> {
        let place = format!("role `{}`", written.role);
        attested::distinct(&place, &written.people)?;
        if let Some(unknown) = written.people.iter().find(|name| !self.people.iter().any(|p| p.name == **name)) {
            return Err(part(place, format!("`{unknown}` is not among the people")));
        }
        let (people, organisations) = (written.people.len(), self.organisations_of(written.people.iter()));
        let least = written.role.least();
        let within = |asked: u32, most: usize| asked >= least && usize::try_from(asked).is_ok_and(|n| n <= most);
        if !within(written.threshold, people) || !within(written.organisations, organisations) {
            return Err(part(
                place,
                format!(
                    "ask for at least {least} people of at least {least} organisations, and for no more than the \
                     {people} people of {organisations} organisations that it lists"
                ),
            ));
        }
        Ok(())
    }
}

impl Document for RootDocument {
    const PAYLOAD: PayloadType = PayloadType::Root;

    fn check(&self) -> Result<(), DocumentError> {
        if self.version == 0 {
            return Err(part("version", "versions count from 1"));
        }
        attested::limited("people", &self.people, PEOPLE_MAX)?;
        attested::distinct("people", self.people.iter().map(|person| &person.name))?;
        for person in &self.people {
            let place = format!("person `{}`", person.name);
            attested::title(&format!("{place}, organisation"), &person.organisation)?;
            attested::title(&format!("{place}, position"), &person.position)?;
            attested::limited(&place, &person.keys, KEYS_MAX)?;
            if person.keys.is_empty() {
                return Err(part(place, "give at least one key"));
            }
        }
        // INVARIANT: a key belongs to one person.
        attested::distinct("keys", self.people.iter().flat_map(|person| &person.keys))?;
        attested::distinct("roles", self.roles.iter().map(|written| written.role))?;
        for needed in [Role::Root, Role::Template] {
            if !self.roles.iter().any(|written| written.role == needed) {
                return Err(part("roles", format!("say who has the role `{needed}`")));
            }
        }
        self.roles.iter().try_for_each(|written| self.check_role(written))?;
        // INVARIANT: whoever holds the catalogue's key, which is on a connected machine, approves nothing.
        let online = self.roles.iter().filter(|written| written.role == Role::Catalogue).flat_map(|r| &r.people);
        for name in online {
            let others = self.roles.iter().filter(|written| written.role != Role::Catalogue);
            if let Some(other) = others.into_iter().find(|written| written.people.contains(name)) {
                return Err(part(
                    "role `catalogue`",
                    format!(
                        "`{name}` may have no other role, but has `{}`; give the catalogue a key of its own",
                        other.role
                    ),
                ));
            }
        }
        Ok(())
    }
}
