//! The demonstration region: a whole region of care providers on one machine.

pub mod population;
