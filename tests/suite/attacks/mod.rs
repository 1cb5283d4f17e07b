//! Attacks by arithmetic on what was answered: one file for each, sharing no code with the product's own audit.
//!
//! Each is a small program of an attacker who holds every release, knows every question and may re-run the public rule.
//! It must learn nothing from a provider's node, and in the same test it must succeed against a weakened way of
//! answering the same questions from the same records: so it is known to work. `ground` answers in both ways; `puzzle`
//! is the attacker's own arithmetic.

mod averaging;
mod bands;
mod cohorts;
mod completions;
mod either;
mod everything;
mod ground;
mod insiders;
mod levels;
mod linked;
mod nested;
mod opted_out;
mod puzzle;
mod ratios;
mod rerun;
mod sites;
mod snapshots;
mod together;
mod total;
mod tracker;
