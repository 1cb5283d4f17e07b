//! The coordinator: asks one question of many providers and combines what they release.
#![forbid(unsafe_code)]

pub mod combine;
