//! What a template's SQL may read and do: the core model `core-1`, and the one plan check.

pub mod model;
