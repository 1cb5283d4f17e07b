//! The demonstration's command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;

/// Makes and runs a whole region of care providers on this machine, asks it a first question, and keeps running.
///
/// The first start makes the region in a folder; later starts find it there. `cargo run -- tallyward …` is the analysts'
/// command with the region's own analyst as its user; `cargo run -- bounds` asks the region every template and prints how
/// far the bounds pin the truth down.
#[derive(Clone, Debug, Parser)]
#[command(name = "demo", version)]
pub struct Arguments {
    /// Print the answer to the first question and stop.
    #[arg(long)]
    pub once: bool,

    /// The folder that keeps the region.
    #[arg(long, default_value = "region")]
    pub dir: PathBuf,

    /// How many people the region has.
    #[arg(long, default_value_t = 500_000, value_parser = clap::value_parser!(u32).range(1_500..=5_000_000))]
    pub people: u32,

    /// The seed of everything random in its records.
    #[arg(long, default_value_t = 2013)]
    pub seed: u64,

    /// Leave this provider's node out, to run it as a process of its own; may be given several times.
    #[arg(long, value_name = "CODE")]
    pub without: Vec<String>,

    /// Where the coordinator listens; port 0 takes any free one.
    #[arg(long, default_value = "127.0.0.1:7410")]
    pub listen: SocketAddr,
}
