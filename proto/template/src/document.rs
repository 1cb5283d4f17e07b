//! A template as written: what TOML allows, before it is known to make sense.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::kind::ProviderKind;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TemplateDocument {
    pub id: String,
    pub version: u32,
    pub title: String,
    pub purpose: String,
    pub legal_basis: String,
    pub agreement: String,
    pub owner: String,
    pub author: String,
    pub expires: String,
    pub runs_at: Vec<ProviderKind>,
    pub model: String,
    pub min_sites: BTreeMap<ProviderKind, u32>,
    #[serde(default)]
    pub sole_providers: Vec<ProviderKind>,
    #[serde(default = "everything_together")]
    pub group_sites_by: Vec<GroupingDocument>,
    #[serde(default)]
    pub show_sites: bool,
    #[serde(default)]
    pub lookups: Vec<String>,
    pub period: Option<[String; 2]>,
    #[serde(default)]
    pub parameter: Vec<ParameterDocument>,
    #[serde(default)]
    pub dimension: Vec<DimensionDocument>,
    pub measure: Vec<MeasureDocument>,
    #[serde(default)]
    pub totals: Vec<Vec<String>>,
    #[serde(default)]
    pub structural_zero: Vec<StructuralZeroDocument>,
    #[serde(default)]
    pub figure: Vec<FigureDocument>,
    pub disclosure: DisclosureDocument,
    pub sql: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum GroupingDocument {
    All,
    Board,
    Kind,
    Locality,
    Network,
}

fn everything_together() -> Vec<GroupingDocument> {
    vec![GroupingDocument::All]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ParameterDocument {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: ParameterKind,
    #[serde(default)]
    pub title: String,
    pub default: Option<ValueDocument>,
    pub earliest: Option<String>,
    pub latest: Option<String>,
    pub longest: Option<String>,
    pub min: Option<i64>,
    pub max: Option<i64>,
    pub choices: Option<Vec<String>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ParameterKind {
    Choice,
    Integer,
    Month,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum ValueDocument {
    Integer(i64),
    Text(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DimensionDocument {
    pub name: String,
    #[serde(default)]
    pub title: String,
    pub levels: LevelsDocument,
    pub per: PerDocument,
    pub other: Option<String>,
    #[serde(default)]
    pub level_tables: BTreeMap<String, String>,
    #[serde(default)]
    pub grouping: Vec<LevelGroupingDocument>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LevelGroupingDocument {
    pub name: String,
    #[serde(default)]
    pub title: String,
    pub groups: Vec<LevelGroupDocument>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LevelGroupDocument {
    pub label: String,
    pub levels: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StructuralZeroDocument {
    pub why: String,
    #[serde(rename = "where")]
    pub levels: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum LevelsDocument {
    List(Vec<String>),
    Periods(String),
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum PerDocument {
    Person,
    Record,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MeasureDocument {
    pub name: String,
    #[serde(default)]
    pub title: String,
    pub counts: Option<CountsDocument>,
    pub sums: Option<String>,
    pub at_most_per_person: Option<u64>,
    pub unit: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CountsDocument {
    People,
    Rows,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FigureDocument {
    pub name: String,
    #[serde(default)]
    pub title: String,
    pub kind: FigureKindDocument,
    pub measure: Option<String>,
    #[serde(rename = "where")]
    pub level: Option<BTreeMap<String, String>>,
    pub over: Option<String>,
    pub earlier: Option<String>,
    pub later: Option<String>,
    pub sum: Option<String>,
    pub count: Option<String>,
    pub edges: Option<Vec<u64>>,
    pub unit: Option<String>,
    pub percent: Option<u8>,
    pub per: Option<u64>,
    pub denominator: Option<String>,
    pub population: Option<String>,
    pub weights: Option<Vec<u64>>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum FigureKindDocument {
    Change,
    Mean,
    Median,
    Quantile,
    Rate,
    Share,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DisclosureDocument {
    pub threshold: u64,
    pub rounding: u64,
    #[serde(default)]
    pub zeros: ZerosDocument,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ZerosDocument {
    #[default]
    Hidden,
    Shown,
}
