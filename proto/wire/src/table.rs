//! A protected table in a signed document: integers and words only.

use disclosure::{Cell, Dominance, Pairs, Policy, PolicyError, Protected, Rounding, Threshold, Zeros};
use serde::{Deserialize, Serialize};

use crate::reason::{self, ReasonDocument};

/// The policy that was applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicyDocument {
    pub(crate) threshold: u64,
    rounding: RoundingDocument,
    zeros: ZerosDocument,
    p_percent: u64,
    largest_share_hundredths: u64,
    pairs: PairsDocument,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RoundingDocument {
    HalfUp(u64),
    #[serde(rename = "midpoint-6")]
    Midpoint6,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ZerosDocument {
    Hidden,
    Shown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum PairsDocument {
    Protected,
    Single,
}

/// The cells of one measure, in the domain's order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MeasureDocument {
    pub name: String,
    pub cells: Vec<CellDocument>,
    /// Why cells say no figure, in the order of the reasons; releases from before reasons were stated have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<ReasonDocument>,
}

/// One cell. The five words are five different things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) enum CellDocument {
    NotCovered,
    Shown { value: u64, low: u64, high: u64 },
    Suppressed { low: u64, high: u64 },
    Withheld,
    Zero,
}

impl PolicyDocument {
    pub(crate) fn of(policy: &Policy) -> Self {
        let rounding = policy.rounding();
        Self {
            threshold: policy.threshold().people(),
            rounding: if rounding == Rounding::MIDPOINT_6 {
                RoundingDocument::Midpoint6
            } else {
                RoundingDocument::HalfUp(rounding.base())
            },
            zeros: match policy.zeros() {
                Zeros::Hidden => ZerosDocument::Hidden,
                Zeros::Shown => ZerosDocument::Shown,
            },
            p_percent: policy.dominance().p_percent(),
            largest_share_hundredths: policy.dominance().largest_share_hundredths(),
            pairs: match policy.pairs() {
                Pairs::Protected => PairsDocument::Protected,
                Pairs::Single => PairsDocument::Single,
            },
        }
    }

    pub(crate) fn policy(&self) -> Result<Policy, PolicyError> {
        let rounding = match self.rounding {
            RoundingDocument::HalfUp(base) => Rounding::half_up(base)?,
            RoundingDocument::Midpoint6 => Rounding::MIDPOINT_6,
        };
        let zeros = match self.zeros {
            ZerosDocument::Hidden => Zeros::Hidden,
            ZerosDocument::Shown => Zeros::Shown,
        };
        let pairs = match self.pairs {
            PairsDocument::Protected => Pairs::Protected,
            PairsDocument::Single => Pairs::Single,
        };
        let dominance = Dominance::new(self.p_percent, self.largest_share_hundredths)?;
        Ok(Policy::new(Threshold::new(self.threshold)?, rounding, zeros)?.with_dominance(dominance).with_pairs(pairs))
    }
}

impl From<Cell> for CellDocument {
    fn from(cell: Cell) -> Self {
        match cell {
            Cell::NotCovered => Self::NotCovered,
            Cell::Shown { value, low, high } => Self::Shown { value, low, high },
            Cell::Suppressed { low, high } => Self::Suppressed { low, high },
            Cell::Withheld => Self::Withheld,
            Cell::Zero => Self::Zero,
        }
    }
}

impl From<CellDocument> for Cell {
    fn from(cell: CellDocument) -> Self {
        match cell {
            CellDocument::NotCovered => Self::NotCovered,
            CellDocument::Shown { value, low, high } => Self::Shown { value, low, high },
            CellDocument::Suppressed { low, high } => Self::Suppressed { low, high },
            CellDocument::Withheld => Self::Withheld,
            CellDocument::Zero => Self::Zero,
        }
    }
}

pub(crate) fn measures(protected: &Protected) -> Vec<MeasureDocument> {
    protected
        .measures()
        .iter()
        .enumerate()
        .map(|(place, measure)| MeasureDocument {
            name: measure.name().to_owned(),
            cells: protected.cells(place).iter().copied().map(CellDocument::from).collect(),
            reasons: reason::of_protected(protected, place),
        })
        .collect()
}
