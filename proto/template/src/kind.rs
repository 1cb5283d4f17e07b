//! The kinds of provider in a region.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A kind of provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProviderKind {
    /// An ambulance service; it also holds 111 contacts.
    Ambulance,
    /// A community health provider.
    Community,
    /// A general practice.
    Gp,
    /// An acute hospital.
    Hospital,
    /// A mental-health trust.
    MentalHealth,
    /// A council's social-care department.
    SocialCare,
}

impl ProviderKind {
    /// All kinds, in the order in which answers list them.
    pub const ALL: [Self; 6] =
        [Self::Gp, Self::Hospital, Self::Community, Self::MentalHealth, Self::SocialCare, Self::Ambulance];

    /// The name in templates, configurations and answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ambulance => "ambulance",
            Self::Community => "community",
            Self::Gp => "gp",
            Self::Hospital => "hospital",
            Self::MentalHealth => "mental-health",
            Self::SocialCare => "social-care",
        }
    }
}

impl fmt::Display for ProviderKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
