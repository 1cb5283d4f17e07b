//! Governance from end to end, through the commands that people use: nodes, a coordinator, and guardians and an analyst
//! who each have a folder with a key and settings.

pub mod command;
mod evidence;
mod expiry;
mod people;
mod succession;
mod walk;
