//! The integration tests: one binary, over real sockets and real processes.
//!
//! Where a new test belongs: `edges` is about the workspace itself; the rest is about a running region.

mod edges;
