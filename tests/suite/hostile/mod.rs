//! Attacks through the public doors: bytes over the socket, files on the disk, the analyst's client.

mod whole;
