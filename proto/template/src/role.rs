//! What people of the trust root may sign.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What may be signed by those whom the trust root lists for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The list of what may be asked, at short intervals. It can withhold and freeze, and approve nothing.
    Catalogue,
    /// Who may ask, and under which agreements.
    Enrolment,
    /// Look-up tables.
    Lookup,
    /// Leave for a provider's log to begin anew.
    Rebaseline,
    /// The next trust root.
    Root,
    /// Templates.
    Template,
    /// The end of a template. One person may suffice: stopping is to be easy.
    Withdrawal,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 7] = [
        Self::Catalogue,
        Self::Enrolment,
        Self::Lookup,
        Self::Rebaseline,
        Self::Root,
        Self::Template,
        Self::Withdrawal,
    ];

    /// The name in a trust root.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Catalogue => "catalogue",
            Self::Enrolment => "enrolment",
            Self::Lookup => "lookup",
            Self::Rebaseline => "rebaseline",
            Self::Root => "root",
            Self::Template => "template",
            Self::Withdrawal => "withdrawal",
        }
    }

    /// The least number of people, and of organisations, that a trust root may ask for.
    pub(crate) const fn least(self) -> u32 {
        match self {
            Self::Catalogue | Self::Withdrawal => 1,
            Self::Enrolment | Self::Lookup | Self::Rebaseline | Self::Root | Self::Template => 2,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
