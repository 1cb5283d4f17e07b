//! A running region: its coordinator and all its nodes, in one process, each with its own identity and connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::Prepared;

/// A running region.
pub struct Running {
    address: String,
    stop: watch::Sender<bool>,
    coordinator: JoinHandle<Result<()>>,
    nodes: JoinHandle<Result<()>>,
}
