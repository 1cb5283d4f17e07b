//! The `tallyward` command: ask a region a question that its providers have approved, and read the answer.
//!
//! Data alone goes to standard output; everything else goes to standard error. The rules of what is printed:
//! a figure never stands without its bounds; suppressed, zero, not covered and not answered read as four different
//! things; and every asked site is named with its outcome.
//!
//! # Exit codes
//!
//! | code | meaning |
//! |------|---------|
//! | 0 | every asked site answered, and nothing is held back from sight |
//! | 1 | an internal error |
//! | 2 | wrong usage, settings or parameters |
//! | 3 | refused: the question is not allowed, or every asked site refused it |
//! | 4 | answered, and some cells are suppressed or withheld |
//! | 5 | answered, but some sites refused, failed, timed out or may still answer, or too few sites answered |
//! | 6 | the coordinator cannot be reached, is busy, or does not accept who asks |
//! | 7 | the answer does not follow from the evidence, or the evidence does not hold |
//! | 8 | an attacked table gives hidden figures away |
//! | 130 | interrupted while waiting; the run goes on |
//!
//! An answer is judged in the order 3, 5, 4, 0: sites that are missing outweigh cells that are hidden.
#![forbid(unsafe_code)]

mod arguments;
mod command;
mod exit;
mod failure;
mod key;
mod output;
mod progress;
pub mod render;
mod request;
mod session;
mod settings;
mod verification;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

// The public interface is:
pub use crate::exit::Exit;
pub use crate::key::KeyFileError;
pub use crate::progress::{Loudness, SiteProgress};
pub use crate::request::{AskError, ask};
pub use crate::settings::{Settings, SettingsError, Signing};
pub use crate::verification::{Anchors, Verified, VerifyError, verify_evidence, verify_proof};

use crate::arguments::Arguments;

/// Runs the command with `args`, the first of which is the program's name.
#[must_use]
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(args) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are answers, not errors; where the stream is gone there is nobody left to tell.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Complete.into() };
        }
    };
    command::perform(arguments).unwrap_or_else(failure::Failure::report).into()
}
