//! The command line of `tallyward-node`.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

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
    /// Read configurations and say what is wrong with them, or that nothing is. Opens no table and connects nowhere.
    Check {
        /// Configuration files.
        #[arg(required = true)]
        configs: Vec<PathBuf>,
    },
    /// Make a new provider's signing key and ledger, and print the public key for the coordinator's roster.
    ///
    /// An existing key is kept. An existing ledger is never touched: what was released must be remembered.
    Init {
        /// The provider's configuration file.
        config: PathBuf,
    },
    /// Serve providers until interrupted, each over its own connection.
    ///
    /// Takes a first snapshot where there is none. A configuration that is wrong stops the start.
    Serve {
        /// Configuration files, one for each provider.
        #[arg(required = true)]
        configs: Vec<PathBuf>,
    },
    /// Freeze the configured tables as they are now. Questions are answered from the newest snapshot, without a restart.
    Snapshot {
        /// The provider's configuration file.
        config: PathBuf,
    },
}
