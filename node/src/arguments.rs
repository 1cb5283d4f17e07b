//! The command line of `tallyward-node`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use template::{Digest, Month};

/// Answers approved questions about a provider's own records with protected figures. Dials out; opens no port.
///
/// The log goes to standard error and holds no figures. TALLYWARD_LOG=debug tells more.
#[derive(Debug, Parser)]
#[command(name = "tallyward-node", version)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Sign the guardian's acceptance of a template, and drop it where the node looks for it.
    Accept(Word),
    /// Read the provider's own ledger: whether it holds, what was asked, and what left. Changes nothing; the node may run.
    Audit {
        /// What to show.
        #[command(subcommand)]
        show: Show,
    },
    /// Read configurations and say what is wrong with them, or that nothing is. Opens no table and connects nowhere.
    Check {
        /// Configuration files.
        #[arg(required = true)]
        configs: Vec<PathBuf>,
    },
    /// Sign the guardian's refusal of a template, and drop it where the node looks for it. It holds at the next order.
    Decline(Word),
    /// Make a new provider's signing key and ledger, and print the public key for the coordinator's roster.
    ///
    /// An existing key is kept. An existing ledger is never touched: what was released must be remembered.
    Init {
        /// The provider's configuration file.
        config: PathBuf,
    },
    /// Leave quarantine by a rebaseline that the governance office signed. What was lost counts as spent.
    Rebaseline {
        /// The provider's configuration file.
        config: PathBuf,
        /// The signed rebaseline.
        signed: PathBuf,
    },
    /// Serve providers until interrupted, each over its own connection.
    ///
    /// Takes a first snapshot where there is none. A configuration that is wrong stops the start.
    Serve {
        /// Configuration files, one for each provider.
        #[arg(required = true)]
        configs: Vec<PathBuf>,
    },
    /// Say what another policy would have done to the questions that were answered. Nothing is recorded or sent.
    ///
    /// They are counted again over the current snapshot and protected under both policies.
    TryPolicy {
        /// The provider's configuration file.
        config: PathBuf,
        /// A file with a `[policy]` table.
        #[arg(long)]
        policy: PathBuf,
        /// A month like 2026-11; last month without it.
        #[arg(long)]
        month: Option<Month>,
    },
    /// Freeze the configured tables as they are now. Questions are answered from the newest snapshot, without a restart.
    Snapshot {
        /// The provider's configuration file.
        config: PathBuf,
    },
}

/// What to show of a ledger.
#[derive(Debug, Subcommand)]
pub enum Show {
    /// Follow every release and every decision from the first, against the anchor; name the first that does not follow.
    Verify {
        /// The provider's configuration file.
        config: PathBuf,
    },
    /// Write every decision as a row, without figures.
    Export {
        /// The provider's configuration file.
        config: PathBuf,
        /// `csv` or `jsonl`.
        #[arg(long, default_value = "csv")]
        format: Rows,
        /// A month like 2026-11; all of them without it.
        #[arg(long)]
        month: Option<Month>,
    },
    /// Say in plain English what was asked, by whom, why, under which approved version, and what left, cell by cell.
    Report {
        /// The provider's configuration file.
        config: PathBuf,
        /// One release, by its place in the ledger or by its order.
        #[arg(long, conflicts_with = "month", required_unless_present = "month")]
        release: Option<String>,
        /// A month like 2026-11.
        #[arg(long)]
        month: Option<Month>,
    },
    /// Write one month on one page, in Markdown.
    Month {
        /// The month, like 2026-11.
        month: Month,
        /// The provider's configuration file.
        config: PathBuf,
    },
}

/// In which form rows are written.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Rows {
    /// Comma-separated values with a header.
    Csv,
    /// One JSON object on each line.
    Jsonl,
}

/// The guardian's word on a template.
#[derive(Debug, Args)]
pub struct Word {
    /// The provider's configuration file.
    pub config: PathBuf,
    /// The template's SHA-256, 64 hexadecimal digits.
    pub template: Digest,
    /// The guardian's private key, PKCS#8.
    #[arg(long)]
    pub key: PathBuf,
    /// Why, one line.
    #[arg(long)]
    pub reason: String,
}
