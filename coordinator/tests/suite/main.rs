//! The coordinator with invented providers in the same process: their keys are real, their records are not.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod attacks;
mod catalogue;
mod config;
mod custody;
mod evidence;
mod governance;
mod late;
mod log;
mod places;
mod program;
mod questions;
mod region;
mod requests;
mod restart;
mod runs;
mod serving;
mod store;
