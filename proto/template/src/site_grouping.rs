//! How sites are put together in an answer.

use serde::{Deserialize, Serialize};

/// How sites are put together in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// All sites in one figure.
    All,
    /// One figure per kind of provider.
    Kind,
    /// One figure per kind of provider and place.
    Place(Place),
}

/// A place that the roster gives a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// An integrated care board.
    Board,
    /// A multidisciplinary group's locality.
    Locality,
    /// A primary care network.
    Network,
}

impl Place {
    /// All places.
    pub const ALL: [Self; 3] = [Self::Board, Self::Locality, Self::Network];

    /// The name in templates, rosters and answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Board => "board",
            Self::Locality => "locality",
            Self::Network => "network",
        }
    }
}

impl Grouping {
    /// All groupings.
    pub const ALL: [Self; 5] =
        [Self::All, Self::Kind, Self::Place(Place::Board), Self::Place(Place::Locality), Self::Place(Place::Network)];

    /// The name in templates, requests and answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Kind => "kind",
            Self::Place(place) => place.name(),
        }
    }

    /// The grouping of this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grouping| grouping.name() == name)
    }
}
