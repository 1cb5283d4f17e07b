//! What the command prints, against goldens; the code it ends with; and the command as a process, against a
//! coordinator's door. `UPDATE_GOLDEN=1` writes the goldens anew.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod attack;
mod desk;
mod exit;
mod goldens;
mod never;
mod parquet;
mod region;
mod sample;
mod verbs;
