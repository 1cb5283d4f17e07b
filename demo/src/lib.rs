//! The demonstration region: a whole region of care providers on one machine.

mod arguments;
mod bounds;
pub mod comparison;
mod demonstration;
pub mod population;
pub mod region;
mod telling;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

use crate::arguments::Arguments;

/// Runs the demonstration, or, where the first argument is `tallyward`, the analysts' command in the region; where it is
/// `bounds`, every template against the truth.
#[must_use]
pub fn run(mut arguments: Vec<OsString>) -> ExitCode {
    if arguments.get(1).is_some_and(|first| first == "tallyward") {
        return cli::run(demonstration::as_the_regions_analyst(arguments.into_iter().skip(1).collect()));
    }
    let compares = arguments.get(1).is_some_and(|first| first == "bounds");
    if compares {
        arguments.remove(1);
    }
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => error.exit(),
    };
    match if compares { bounds::run(&arguments) } else { demonstration::run(&arguments) } {
        Ok(code) => code,
        Err(error) => {
            telling::complain(&error);
            ExitCode::FAILURE
        }
    }
}
