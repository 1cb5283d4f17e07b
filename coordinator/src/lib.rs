//! The coordinator: asks one question of many providers and combines what they release.
//!
//! It checks who asks, makes one signed order per provider, keeps it before anybody is asked, verifies and keeps every
//! release before it acknowledges it, and [combines](combine) what came into an answer in which every asked site has exactly one
//! named outcome. It sees released figures only; a node never sees another's.
#![forbid(unsafe_code)]

mod answer;
mod ask;
pub mod catalogue;
mod clock;
mod close;
mod config;
mod coordinator;
mod custody;
mod doors;
mod evidence;
mod explain;
mod governance;
mod intake;
pub mod log;
mod mail;
mod publish;
mod register;
mod registry;
mod request;
mod revisions;
pub mod roster;
mod run;
mod state;
mod steps;
mod stop;
pub mod store;

// The public interface is:
pub use crate::catalogue::Catalogue;
pub use crate::clock::{Clock, SystemClock};
pub use crate::config::{CatalogueKey, Compares, Config, ConfigError, Limits};
pub use crate::coordinator::{Coordinator, OpenError, ReloadError, serve};
pub use crate::roster::{Provider, Roster};
pub use crate::steps::{NoSteps, Step, Steps};
pub use crate::stop::interrupted;
pub use crate::store::Store;
