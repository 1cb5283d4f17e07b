//! The disclosure rules seen from outside: properties of random tables, brute force over all completions of small
//! ones, and published vectors. Put a new test beside what it attacks; the brute force shares no code with the crate.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod attack;
mod brute;
mod known;
mod properties;
mod public;
mod reasons;
mod rerun;
mod tables;
mod tightened;
mod unions;
mod vectors;
