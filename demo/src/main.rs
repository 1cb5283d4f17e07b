//! `cargo run`: a whole region of care providers on one machine, and its first question answered.

use std::ffi::OsString;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    demo::run(arguments)
}
