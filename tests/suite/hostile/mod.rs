//! Attacks through the public doors: bytes over the socket, files on the disk, the analyst's client.
//!
//! Every attack must end in the one word that its place has for it, tell nothing of a person, and leave ledger and store
//! whole. A new attack belongs to the module that is named after what it is made of.

mod approvals;
pub mod attacker;
mod catalogue;
mod custody;
mod disk;
mod doors;
mod files;
mod integrity;
pub mod ledger;
pub mod orders;
mod registry;
mod releases;
mod sql;
mod templates;
pub mod whole;
mod witness;
