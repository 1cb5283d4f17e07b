//! The arguments of people who govern what is asked.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysVerb {
    /// Make a signing key: a file that only you may read. It never leaves this machine and is never overwritten
    New {
        /// The file to write
        file: PathBuf,
    },
    /// The public half of a key, for the governance office
    Show {
        /// The key's file
        file: PathBuf,
    },
}

/// What to do with signed documents: trust roots, look-ups, enrolments, agreements, rebaselines.
#[derive(Debug, Subcommand)]
pub(crate) enum DocumentsVerb {
    /// What an envelope holds and which keys it names; nothing in it is believed
    Show {
        /// The envelope
        file: PathBuf,
    },
    /// Sign a document: plain JSON, or an envelope to which your signature is added
    Sign {
        /// What it is
        kind: DocumentKind,
        /// The document or envelope
        file: PathBuf,
        /// The envelope to write; may be the file itself where that is an envelope
        #[arg(long, short, value_name = "FILE")]
        output: PathBuf,
        #[command(flatten)]
        hand: Hand,
    },
    /// Give a document that has all its signatures to the coordinator
    Publish {
        /// The envelope
        file: PathBuf,
    },
}

/// What a signed document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DocumentKind {
    /// A provider's own guardian's word on a template
    Acceptance,
    /// The sharing agreements
    Agreements,
    /// The analysts and auditors
    Enrolment,
    /// A look-up table
    Lookup,
    /// Leave for a provider's log to begin anew
    Rebaseline,
    /// A trust root: the first, or the next one
    Root,
}

/// A proposed template with what somebody says of it.
#[derive(Debug, Args)]
pub(crate) struct ReviewArguments {
    /// The proposal: its template's id, or the beginning of its digest
    pub(crate) proposal: String,
    /// It may be asked
    #[arg(long, conflicts_with_all = ["object", "comment"], required_unless_present_any = ["object", "comment"])]
    pub(crate) approve: bool,
    /// It should not be asked
    #[arg(long, conflicts_with = "comment")]
    pub(crate) object: bool,
    /// Neither, but something to think of
    #[arg(long)]
    pub(crate) comment: bool,
    /// Why, in your words
    #[arg(long, value_name = "TEXT")]
    pub(crate) because: String,
    #[command(flatten)]
    pub(crate) hand: Hand,
}

/// Whose hand signs, and how that is confirmed.
#[derive(Clone, Debug, Args)]
pub(crate) struct Hand {
    /// The signing key; the settings' `signing_key` where none is given
    #[arg(long = "signing-key", value_name = "FILE")]
    pub(crate) signing_key: Option<PathBuf>,
    /// Sign without asking; needs --digest
    #[arg(long, requires = "digest")]
    pub(crate) yes: bool,
    /// What is to be signed: at least the first 8 digits of its digest, as you read it elsewhere
    #[arg(long, value_name = "HEX")]
    pub(crate) digest: Option<String>,
}
