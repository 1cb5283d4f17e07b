//! What is told when a command cannot be done, and the code it ends with.

use anyhow::Error;

use crate::exit::Exit;
use crate::render::plain_lines;

/// An error with the exit code that stands for it.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    error: Error,
}

impl Failure {
    /// `error`, ending with `exit`.
    pub(crate) fn new(exit: Exit, error: impl Into<Error>) -> Self {
        Self { exit, error: error.into() }
    }

    /// A failure in our own words.
    pub(crate) fn told(exit: Exit, words: impl Into<String>) -> Self {
        Self { exit, error: anyhow::anyhow!(words.into()) }
    }

    /// Prints the error and its causes on standard error and gives the exit code.
    pub(crate) fn report(self) -> Exit {
        eprintln!("error: {}", plain_lines(&format!("{:#}", self.error)));
        self.exit
    }
}

/// Turns the errors of a result into failures.
pub(crate) trait Ends<T> {
    /// An error ends the command with `exit`.
    fn ends(self, exit: Exit) -> Result<T, Failure>;
}

impl<T, E: Into<Error>> Ends<T> for Result<T, E> {
    fn ends(self, exit: Exit) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(exit, error))
    }
}
