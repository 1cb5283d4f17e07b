//! The integration tests: one binary, over real sockets and real processes.
//!
//! Where a new test belongs: `edges` is about the workspace itself; `omop` about records that we did not make; the rest is
//! about a running region.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops at the first surprise")]

mod attacks;
mod bad_input;
mod edges;
mod governance;
mod hostile;
mod kill;
mod omop;
mod single_sites;
mod standalone;
mod truths;
mod vectors;
mod world;
