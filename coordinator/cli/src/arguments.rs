//! The arguments.

mod attack;
mod governance;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use wire::{GroupingName, ParameterValue, RunId};

pub(crate) use self::attack::{AttackArguments, AttackFormat, HiddenMeans, ZerosSaid};
pub(crate) use self::governance::{DocumentKind, DocumentsVerb, Hand, KeysVerb, ReviewArguments};

use crate::render::Format;

const EXIT_CODES: &str = "\
Exit codes:
  0    every asked site answered, and nothing is held back from sight
  1    an internal error
  2    wrong usage, settings or parameters
  3    refused: the question is not allowed, or every asked site refused it
  4    answered, and some cells are suppressed or withheld
  5    answered, but some sites refused, failed, timed out or may still answer,
       or too few sites answered
  6    the coordinator cannot be reached, is busy, or does not accept who asks
  7    the answer does not follow from the evidence, or the evidence does not hold
  8    an attacked table gives hidden figures away
  130  interrupted while waiting; the run goes on
An answer is judged in the order 3, 5, 4, 0.

Settings (TOML: coordinator, server_name, certificate, key, authority, and where
wanted signing_key, name, organisation, coordinator_key and trust_root) are read
from --settings, else TALLYWARD_SETTINGS, else ./tallyward.toml, else
~/.config/tallyward/settings.toml. NO_COLOR is honoured.";

/// Ask a region a question that its providers have approved, and read the answer.
///
/// Data alone goes to standard output; everything else goes to standard error.
#[derive(Debug, Parser)]
#[command(name = "tallyward", version, after_help = EXIT_CODES, arg_required_else_help = true)]
pub(crate) struct Arguments {
    /// The settings file
    #[arg(long, global = true, value_name = "FILE", env = "TALLYWARD_SETTINGS", hide_env_values = true)]
    pub(crate) settings: Option<PathBuf>,
    /// Nothing on standard error but errors
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// What to do.
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// The approved questions
    #[command(args_conflicts_with_subcommands = true)]
    Templates {
        /// One of them.
        #[command(subcommand)]
        verb: Option<TemplatesVerb>,
        #[command(flatten)]
        listing: Listing,
    },
    /// Ask a question and wait for the answer
    #[command(after_help = EXIT_CODES)]
    Run(RunArguments),
    /// The questions asked so far
    Runs {
        #[command(flatten)]
        listing: Listing,
    },
    /// The answer to a question asked earlier
    #[command(after_help = EXIT_CODES)]
    Result {
        /// The run, as `run` and `runs` print it
        run: RunId,
        /// Which revision of the answer; the newest where none is given
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
        revision: Option<u32>,
        #[command(flatten)]
        writing: Writing,
    },
    /// The revisions of an answer, which sites each adds, and what may still come
    Revisions {
        /// The run, as `run` and `runs` print it
        run: RunId,
        #[command(flatten)]
        listing: Listing,
    },
    /// What a published table, anybody's, gives away of what it hides
    #[command(after_help = attack::EXIT_CODES)]
    Attack(AttackArguments),
    /// Signing keys
    #[command(subcommand)]
    Keys(KeysVerb),
    /// What a template would do, in plain words, before it is proposed
    Sheet {
        /// The template
        file: PathBuf,
    },
    /// Propose a template, signed as its author
    Propose {
        /// The template
        file: PathBuf,
        /// Why, in one line
        #[arg(long, value_name = "TEXT")]
        why: String,
        #[command(flatten)]
        hand: Hand,
    },
    /// The proposed templates and where they stand
    Proposals {
        #[command(flatten)]
        listing: Listing,
    },
    /// Give your view of a proposed template; others' views are shown after it
    Review(ReviewArguments),
    /// Sign a proposed template: with enough signatures it may be asked
    Sign {
        /// The proposal: its template's id, or the beginning of its digest
        proposal: String,
        #[command(flatten)]
        hand: Hand,
    },
    /// End a template at once
    Withdraw {
        /// The proposal: its template's id, or the beginning of its digest
        proposal: String,
        /// Why, in your words
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        hand: Hand,
    },
    /// Trust roots, look-ups, enrolments, agreements, rebaselines
    #[command(subcommand)]
    Documents(DocumentsVerb),
    /// Whether an answer follows from what its providers signed
    #[command(after_help = EXIT_CODES)]
    Verify(VerifyArguments),
    /// The public register of questions that may be asked and that were, without figures
    Register {
        /// How it is written
        #[arg(long, value_name = "FORMAT", default_value = "markdown")]
        format: RegisterFormat,
    },
}

/// What is verified, and against what.
#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    /// The run, as `run` and `runs` print it
    #[arg(required_unless_present = "bundle", conflicts_with = "bundle")]
    pub(crate) run: Option<RunId>,
    /// Which revision of its answer; the newest where none is given
    #[arg(long, value_name = "N", conflicts_with = "bundle", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) revision: Option<u32>,
    /// Verify the evidence in a file, without a connection
    #[arg(long, value_name = "FILE")]
    pub(crate) bundle: Option<PathBuf>,
    /// Save the evidence to a file (auditors)
    #[arg(long, value_name = "FILE", conflicts_with = "bundle")]
    pub(crate) save: Option<PathBuf>,
    /// The answer as `result --format json` wrote it, in place of the coordinator's (analysts)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["bundle", "save"])]
    pub(crate) answer: Option<PathBuf>,
    /// The digest of the region's first trust root, in place of the settings'
    #[arg(long, value_name = "SHA256")]
    pub(crate) root: Option<template::Digest>,
    /// The digest of the list of asked sites with their keys, so that nobody's word is needed for whose keys they are
    #[arg(long, value_name = "SHA256")]
    pub(crate) roster: Option<template::Digest>,
    /// The key that the coordinator signs with, in place of the settings'
    #[arg(long, value_name = "KEY")]
    pub(crate) coordinator_key: Option<template::PublicKey>,
}

/// A way to write the register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RegisterFormat {
    /// For programs
    Json,
    /// For a web page
    Markdown,
}

/// What to do with one template.
#[derive(Debug, Subcommand)]
pub(crate) enum TemplatesVerb {
    /// The exact text that was approved
    Show {
        /// The template's id
        id: String,
        /// Its version; the latest where none is given
        #[arg(long, value_name = "N")]
        version: Option<u32>,
    },
}

/// A question.
#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// The template's id, as `tallyward templates` lists it
    pub(crate) id: String,
    /// The template's version; the latest where none is given
    #[arg(long, value_name = "N")]
    pub(crate) version: Option<u32>,
    /// A parameter; give one --param for each
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parameter)]
    pub(crate) parameters: Vec<ParameterValue>,
    /// Why it is asked: every provider that is asked records it
    #[arg(long, value_name = "TEXT", value_parser = purpose)]
    pub(crate) purpose: String,
    /// How long providers may take; the coordinator's default where none is given
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) deadline: Option<u32>,
    /// How sites are put together; the template's first grouping where none is given
    #[arg(long, value_name = "GROUPING")]
    pub(crate) group_by: Option<GroupBy>,
    /// Say what would be asked of whom and what each provider would see; ask nothing
    #[arg(long, conflicts_with = "no_wait")]
    pub(crate) explain: bool,
    /// Print the run's identity and do not wait for the answer
    #[arg(long, conflicts_with_all = ["format", "output"])]
    pub(crate) no_wait: bool,
    #[command(flatten)]
    pub(crate) writing: Writing,
}

/// How an answer is written.
#[derive(Clone, Debug, Args)]
pub(crate) struct Writing {
    /// How the answer is written: by default a table on a terminal, and CSV elsewhere
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<Format>,
    /// Write the answer to a file rather than to standard output
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// How a list is written.
#[derive(Clone, Debug, Args)]
pub(crate) struct Listing {
    /// How the list is written: by default a table on a terminal, and CSV elsewhere
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<ListFormat>,
}

/// A way to write a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// For people
    Table,
    /// For spreadsheets
    Csv,
    /// For programs
    Json,
}

/// How sites are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GroupBy {
    /// All sites in one figure
    All,
    /// One figure per kind of provider and integrated care board
    Board,
    /// One figure per kind of provider
    Kind,
    /// One figure per kind of provider and locality
    Locality,
    /// One figure per kind of provider and primary care network
    Network,
}

impl From<GroupBy> for GroupingName {
    fn from(group_by: GroupBy) -> Self {
        match group_by {
            GroupBy::All => Self::All,
            GroupBy::Board => Self::Board,
            GroupBy::Kind => Self::Kind,
            GroupBy::Locality => Self::Locality,
            GroupBy::Network => Self::Network,
        }
    }
}

fn parameter(text: &str) -> Result<ParameterValue, String> {
    let (name, value) = text.split_once('=').ok_or("write it as name=value")?;
    if name.trim().is_empty() {
        return Err("the name before `=` is missing".to_owned());
    }
    Ok(ParameterValue { name: name.trim().to_owned(), value: value.to_owned() })
}

fn purpose(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() { Err("say why you ask".to_owned()) } else { Ok(text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn parse(line: &str) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(std::iter::once("tallyward").chain(line.split(' ')))
    }

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn wrong_usage_is_refused() {
        let id = "0123456789abcdef0123456789abcdef";
        let cases = [
            ("run stroke --purpose planning", true),
            ("run stroke --purpose planning --param from=2010-04 --param to=2011-03 --format csv -o a.csv", true),
            ("run stroke --purpose planning --param note=a=b", true),
            ("run stroke --purpose planning --explain --format json", true),
            ("run stroke", false),
            ("run stroke --purpose  ", false),
            ("run stroke --purpose planning --param from", false),
            ("run stroke --purpose planning --param =2010-04", false),
            ("run stroke --purpose planning --deadline 0", false),
            ("run stroke --purpose planning --format xlsx", false),
            ("run stroke --purpose planning --no-wait --output a.csv", false),
            ("run stroke --purpose planning --no-wait --explain", false),
            ("run stroke --purpose planning --group-by provider", false),
            ("templates", true),
            ("templates --format json", true),
            ("templates show stroke --version 2", true),
            ("templates --format json show stroke", false),
            ("result short", false),
            ("result --format parquet", false),
            ("runs --quiet", true),
            ("keys new k", true),
            ("propose t.toml --why beds", true),
            ("propose t.toml", false),
            ("review beds --approve --because good", true),
            ("review beds --because good", false),
            ("review beds --approve", false),
            ("review beds --approve --object --because good", false),
            ("sign beds --yes --digest 01234567", true),
            ("sign beds --yes", false),
            ("withdraw beds", false),
            ("documents sign root r.json -o r.dsse.json", true),
            ("documents sign root r.json", false),
            ("documents sign template t.toml -o t.dsse.json", false),
            ("verify --bundle evidence.json", true),
            ("verify", false),
            ("verify short", false),
            ("verify --bundle a.json --save b.json", false),
            ("verify --bundle a.json --revision 1", false),
            ("revisions short", false),
            ("register --format json", true),
            ("register --format csv", false),
        ];
        for (line, fits) in cases {
            assert_eq!(parse(line).is_ok(), fits, "{line}");
        }
        for line in ["result {} --settings s.toml", "result {} --revision 2", "verify {} --revision 1", "revisions {}"]
        {
            assert!(parse(&line.replace("{}", id)).is_ok(), "{line}");
        }
        assert!(parse(&format!("result {id} --revision 0")).is_err());
    }

    #[test]
    fn a_parameter_keeps_its_value_to_the_letter() {
        let Verb::Run(run) = parse("run t --purpose p --param note=a=b").unwrap().verb else { panic!("not a run") };
        assert_eq!(run.parameters, [ParameterValue { name: "note".to_owned(), value: "a=b".to_owned() }]);
    }
}
