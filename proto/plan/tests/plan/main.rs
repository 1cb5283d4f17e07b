//! The plan check from outside: attacks that must fail for the right reason, honest SQL that must pass, templates, and
//! the property that makes the check worth having: a person's contributions depend on that person's records alone.
//!
//! A new attack is a case in a folder of `tests/attacks/`, with the honest SQL that looks like it beside it; other honest
//! SQL is a case in `tests/allowed/`; a new template is found by itself.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops at the first surprise")]

mod binding;
mod cases;
mod files;
mod grammar;
mod isolation;
mod sheet;
mod size;
mod sql;
mod templates;
