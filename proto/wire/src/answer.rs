//! The documents that pass between coordinator and analyst: JSON, the contract of `--format json`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use template::{Digest, Grouping, Place, ProviderKind};

use crate::id::RunId;
use crate::identity::{AnalystName, ProviderCode};
use crate::reason::ReasonCounts;
use crate::refusal::Refusal;
use crate::time::{serde_option, serde_text};

/// A parameter with its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParameterValue {
    /// The parameter.
    pub name: String,
    /// Its value, as text.
    pub value: String,
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// The template's id.
    pub template: String,
    /// Its version; the latest where none is given.
    pub version: Option<u32>,
    /// The parameters.
    pub parameters: Vec<ParameterValue>,
    /// Why it is asked.
    pub purpose: String,
    /// How long providers may take, in seconds; the coordinator's default where none is given.
    pub deadline_s: Option<u32>,
    /// How sites are put together; the template's first grouping where none is given.
    pub grouping: Option<GroupingName>,
}

/// How sites are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GroupingName {
    /// All sites in one figure.
    All,
    /// One figure per kind of provider and integrated care board.
    Board,
    /// One figure per kind of provider.
    Kind,
    /// One figure per kind of provider and locality.
    Locality,
    /// One figure per kind of provider and primary care network.
    Network,
}

impl From<GroupingName> for Grouping {
    fn from(name: GroupingName) -> Self {
        match name {
            GroupingName::All => Self::All,
            GroupingName::Board => Self::Place(Place::Board),
            GroupingName::Kind => Self::Kind,
            GroupingName::Locality => Self::Place(Place::Locality),
            GroupingName::Network => Self::Place(Place::Network),
        }
    }
}

impl From<Grouping> for GroupingName {
    fn from(grouping: Grouping) -> Self {
        match grouping {
            Grouping::All => Self::All,
            Grouping::Kind => Self::Kind,
            Grouping::Place(Place::Board) => Self::Board,
            Grouping::Place(Place::Locality) => Self::Locality,
            Grouping::Place(Place::Network) => Self::Network,
        }
    }
}

/// Where a provider belongs, as the region's roster says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Places {
    /// Its integrated care board.
    pub board: Option<String>,
    /// Its locality.
    pub locality: Option<String>,
    /// Its primary care network.
    pub network: Option<String>,
}

impl Places {
    /// The one of this sort.
    #[must_use]
    pub fn of(&self, place: Place) -> Option<&str> {
        match place {
            Place::Board => self.board.as_deref(),
            Place::Locality => self.locality.as_deref(),
            Place::Network => self.network.as_deref(),
        }
    }
}

/// The approved templates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateList {
    /// By id, then version.
    pub templates: Vec<TemplateEntry>,
}

/// An approved template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateEntry {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: u32,
    /// One line for people.
    pub title: String,
    /// The digest of its exact bytes.
    pub digest: Digest,
    /// The kinds of provider that are asked.
    pub runs_at: Vec<ProviderKind>,
    /// The exact text that was signed.
    pub toml: String,
    /// Who approved it.
    pub approved_by: Vec<String>,
}

/// How far a run has come. Every asked site is in exactly one of the last four.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// Sites asked.
    pub asked: u32,
    /// Sites whose release was verified.
    pub released: u32,
    /// Sites that refused.
    pub refused: u32,
    /// Sites that failed: timed out, not connected by the deadline, or an invalid release.
    pub failed: u32,
    /// Sites still waited for.
    pub waiting: u32,
}

/// Whether a run is still open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunState {
    /// Every site has an outcome, or the deadline has passed.
    Answered,
    /// Sites may still answer.
    Waiting,
}

/// One run in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunSummary {
    /// Its identity.
    pub run: RunId,
    /// The template's id.
    pub template_id: String,
    /// The template's version.
    pub template_version: u32,
    /// The parameters.
    pub parameters: Vec<ParameterValue>,
    /// Why it was asked.
    pub purpose: String,
    /// Who asked.
    pub analyst: AnalystName,
    /// When.
    #[serde(with = "serde_text")]
    pub asked_at: DateTime<Utc>,
    /// Whether it is still open.
    pub state: RunState,
    /// The answer's revision; nought while there is none.
    pub revision: u32,
}

/// What a question would ask of whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Explanation {
    /// The template.
    pub template: TemplateEntry,
    /// The parameters, defaults filled in.
    pub parameters: Vec<ParameterValue>,
    /// Who would be asked.
    pub sites: Vec<ExplainedSite>,
    /// The SQL that each node runs.
    pub sql: String,
    /// The disclosure rule, in words.
    pub policy: String,
    /// Cells per site, totals included.
    pub cells: u32,
    /// What each provider will see, line by line.
    pub each_provider_sees: Vec<String>,
}

/// A site that would be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExplainedSite {
    /// Its code.
    pub provider: ProviderCode,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: ProviderKind,
    /// Whether its node is connected now.
    pub connected: bool,
}

/// The revisions of a run's answer, and what may still come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revisions {
    /// The run.
    pub run: RunId,
    /// Every revision, the first one first. A published revision never changes.
    pub revisions: Vec<RevisionSummary>,
    /// Sites whose release came late and is in no revision yet.
    pub held_out: Vec<ProviderCode>,
    /// Until when late answers are taken; none where no further revision can come.
    #[serde(with = "serde_option")]
    pub late_until: Option<DateTime<Utc>>,
    /// What the next revision waits for, in plain words.
    pub waits_for: String,
}

/// One revision of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevisionSummary {
    /// Counts from 1.
    pub revision: u32,
    /// When it was made.
    #[serde(with = "serde_text")]
    pub made_at: DateTime<Utc>,
    /// The sites whose releases it brings into the sums.
    pub added: Vec<ProviderCode>,
}

/// What the figures of every site stand for, and with them the bounds of every combined cell: a provider gives the answer
/// that it gave before wherever another would tell of a few people, and never says that it did.
pub const STANDS_FOR: &str =
    "this question, or at each site one that differs from it by fewer people than the site's threshold";

/// The answer to one question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The run.
    pub run: RunId,
    /// Counts from 1; nought while the run is open.
    pub revision: u32,
    /// Whether the run is still open.
    pub state: RunState,
    /// The template's id.
    pub template_id: String,
    /// The template's version.
    pub template_version: u32,
    /// The digest of the template's exact bytes.
    pub template: Digest,
    /// The template's title.
    pub title: String,
    /// The parameters, defaults filled in.
    pub parameters: Vec<ParameterValue>,
    /// Why it was asked.
    pub purpose: String,
    /// Who asked.
    pub analyst: AnalystName,
    /// When it was asked.
    #[serde(with = "serde_text")]
    pub asked_at: DateTime<Utc>,
    /// Until when providers may answer.
    #[serde(with = "serde_text")]
    pub deadline: DateTime<Utc>,
    /// When the run closed.
    #[serde(with = "serde_option")]
    pub closed_at: Option<DateTime<Utc>>,
    /// When this revision was made; that of the first is the moment at which the run closed.
    #[serde(default, with = "serde_option")]
    pub made_at: Option<DateTime<Utc>>,
    /// Until when late answers may lead to another revision.
    #[serde(default, with = "serde_option")]
    pub late_until: Option<DateTime<Utc>>,
    /// What the figures of every site stand for: [`STANDS_FOR`].
    pub stands_for: String,
    /// The dimensions, in declared order.
    pub dimensions: Vec<AnswerDimension>,
    /// The measures, in declared order.
    pub measures: Vec<AnswerMeasure>,
    /// Every asked site with its outcome.
    pub sites: Vec<AnswerSite>,
    /// The combined figures, per group of sites.
    pub groups: Vec<AnswerGroup>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// A dimension of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerDimension {
    /// Its name.
    pub name: String,
    /// In plain words.
    pub title: String,
    /// Its levels, in order.
    pub levels: Vec<String>,
    /// How many of them a person has at one provider, as the template declares it; answers from before it was told have
    /// none.
    #[serde(default)]
    pub people: Option<PeoplePer>,
    /// Its groupings, whose groups stand in the place of a level in the cells of totals that keep them; finer ones first.
    #[serde(default)]
    pub groupings: Vec<AnswerGrouping>,
}

/// How many levels of a dimension a person has at one provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PeoplePer {
    /// One, so that counts of people add up over it.
    OneLevel,
    /// Perhaps several, so that they do not.
    SeveralLevels,
}

/// A grouping of a dimension's levels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerGrouping {
    /// Its name.
    pub name: String,
    /// In plain words.
    pub title: String,
    /// Its groups, in order.
    pub groups: Vec<AnswerLevelGroup>,
}

/// Levels under one label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerLevelGroup {
    /// What they are called together.
    pub label: String,
    /// The levels.
    pub levels: Vec<String>,
}

/// A measure of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerMeasure {
    /// Its name.
    pub name: String,
    /// In plain words.
    pub title: String,
    /// The unit of its figures.
    pub unit: String,
    /// What a person known to several providers counts for.
    pub counted: Counted,
}

/// What a person known to several providers counts for in a sum over providers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Counted {
    /// Once: only practices are asked, and a person is registered with one at a time.
    OncePerPerson,
    /// Once for each provider that knows the person, so that the sum may be greater than the number of people.
    OncePerProvider,
    /// What is counted or summed belongs to one provider: an admission, a day in bed, a pound.
    PerRecord,
}

/// An asked site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerSite {
    /// Its code.
    pub provider: ProviderCode,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: ProviderKind,
    /// Where it belonged when it was asked.
    #[serde(default)]
    pub places: Places,
    /// What came of asking it.
    pub outcome: SiteOutcome,
    /// When its snapshot was taken, if it released.
    #[serde(with = "serde_option")]
    pub as_at: Option<DateTime<Utc>>,
    /// The revision that brought its release into the sums: a later one than the first where the release came late. None
    /// where it is in no sum.
    #[serde(default)]
    pub since_revision: Option<u32>,
    /// Sites of one block come into answers to this question together: no two answers differ by a part of a block.
    #[serde(default)]
    pub block: Option<u32>,
}

/// What came of asking a site: exactly one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SiteOutcome {
    /// Its release was verified and is in no sum: beside an earlier answer to the question, the sums with it would tell
    /// of too few sites.
    HeldOut,
    /// It sent something that is not a valid release of this order.
    InvalidRelease,
    /// Its node was not connected before the deadline.
    NotConnected,
    /// It refused.
    Refused(Refusal),
    /// Its release was verified and is in the sums.
    Released,
    /// Its node had the order and did not answer before the deadline.
    TimedOut,
    /// It may still answer.
    Waiting,
}

/// The combined figures of a group of sites.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerGroup {
    /// `all`, a kind of provider, perhaps with a place after it, or the code of a provider whose own figures these are.
    /// The place `elsewhere` is what is left over of the kind.
    pub name: String,
    /// Sites asked.
    pub asked: u32,
    /// Sites that released.
    pub answered: u32,
    /// Whether there are combined figures.
    pub state: GroupState,
    /// The cells, measure by measure, in the domain's order; empty where there are none.
    pub cells: Vec<CombinedCell>,
    /// Figures that follow from the cells.
    pub figures: Vec<CombinedFigure>,
}

/// Whether a group has combined figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GroupState {
    /// It has.
    Combined,
    /// It is one site, whose own released figures these are; the template says that an answer shows them.
    SingleSite,
    /// Too few sites answered: the template needs so many.
    TooFewSites {
        /// How many.
        needed: u32,
    },
}

/// A sum over the sites of a group that answered, never a bare number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CombinedCell {
    /// One per dimension; none where it is a total over that dimension.
    pub levels: Vec<Option<String>>,
    /// The measure.
    pub measure: String,
    /// Whether there is a figure.
    pub state: CellState,
    /// The truth is at least this.
    pub low: u64,
    /// The truth is at most this; none where nothing bounds it.
    pub high: Option<u64>,
    /// A figure to plot, within the bounds; its method stands in the notes.
    pub central: Option<u64>,
    /// How many sites say what.
    pub sites: SiteCounts,
    /// Why sites that released do not say a figure, as far as their releases tell anybody.
    #[serde(default)]
    pub reasons: ReasonCounts,
}

/// Whether a combined cell has a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CellState {
    /// The truth over the answering sites that cover it lies within the bounds.
    Bounded,
    /// No answering site covers it.
    NotCovered,
    /// Fewer answering sites cover it than the template needs, or it is a total over such a cell.
    TooFewSites,
}

/// How many sites of a group say what about a cell. They add up to the sites asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteCounts {
    /// Show a figure.
    pub shown: u32,
    /// Show that there is nobody.
    pub zero: u32,
    /// Suppress a small count.
    pub suppressed: u32,
    /// Hold the figure back.
    pub withheld: u32,
    /// Do not cover it.
    pub not_covered: u32,
    /// Refused.
    pub refused: u32,
    /// Timed out, were not connected, or sent something invalid.
    pub failed: u32,
    /// May still answer.
    pub waiting: u32,
}

/// A figure that follows from combined cells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CombinedFigure {
    /// Its name.
    pub name: String,
    /// In plain words.
    pub title: String,
    /// `change`, `mean`, `median`, `quantile`, `rate`, `share` or `standardised-rate`.
    pub kind: String,
    /// One per dimension; none where it is over all levels.
    pub levels: Vec<Option<String>>,
    /// At least this, a decimal; none where nothing bounds it.
    pub low: Option<String>,
    /// At most this, a decimal; none where nothing bounds it.
    pub high: Option<String>,
    /// A figure to plot, a decimal.
    pub central: Option<String>,
    /// The unit: `%`, or the measure's.
    pub unit: String,
    /// How many sites take part.
    pub sites: u32,
    /// How many sites released, but are left out: they cover only a part of what is compared, or nothing published says
    /// how many people belong to them.
    pub left_out: u32,
}
