//! The arguments of `attack`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

pub(super) const EXIT_CODES: &str = "\
The file is an answer as `tallyward result RUN --format json` writes it; a
provider's release, as it was signed or its content alone, with the template
that it answers (--template); or CSV with a header line: columns of dimensions,
and the last (or --value) of figures. A figure is a whole number, * where it is
hidden, a range as 18-22, or nothing where nothing is said. A level `Total` or
`All` (or --total) marks a total. Levels under other levels (65-74 under 65+)
are named in a file of the columns column,level,group (--levels).

Exit codes:
  0    nothing hidden is given away
  2    the file cannot be read, or its figures cannot all be true
  8    hidden figures are given away";

/// A published table, and how to read it.
#[derive(Debug, Args)]
pub(crate) struct AttackArguments {
    /// The table: CSV, or an answer or release as JSON
    pub(crate) file: PathBuf,
    /// Counts below this are hidden
    #[arg(long, value_name = "K", default_value_t = 10)]
    pub(crate) threshold: u64,
    /// Figures are rounded half up to multiples of this; 1 means exact
    #[arg(long, value_name = "B", default_value_t = 5)]
    pub(crate) base: u64,
    /// Whether nobody is shown as 0, or hidden as *
    #[arg(long, value_name = "HOW", default_value = "shown")]
    pub(crate) zeros: ZerosSaid,
    /// What * stands for
    #[arg(long, value_name = "WHAT", default_value = "few")]
    pub(crate) hidden: HiddenMeans,
    /// The column of figures; the last where none is given
    #[arg(long, value_name = "COLUMN")]
    pub(crate) value: Option<String>,
    /// A level that marks a total; give one --total for each
    #[arg(long, value_name = "WORD")]
    pub(crate) total: Vec<String>,
    /// Exact figures that are public elsewhere: CSV of the same columns
    #[arg(long, value_name = "FILE")]
    pub(crate) public: Option<PathBuf>,
    /// Which levels of a column lie under which: CSV of column,level,group
    #[arg(long, value_name = "FILE")]
    pub(crate) levels: Option<PathBuf>,
    /// The template that a release answers, as it was signed
    #[arg(long, value_name = "FILE")]
    pub(crate) template: Option<PathBuf>,
    /// How the report is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: AttackFormat,
}

/// Whether nobody is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ZerosSaid {
    /// As 0: * is at least 1
    Shown,
    /// As *: it may be 0
    Hidden,
}

/// What a hidden figure stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum HiddenMeans {
    /// A count below the threshold
    Few,
    /// Any figure: a secondary suppression wears the same symbol
    Anything,
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AttackFormat {
    /// For people
    Text,
    /// For programs
    Json,
}
