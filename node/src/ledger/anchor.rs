//! The anchor: a small file outside the database that knows the newest links, written after every commit.
//!
//! Someone who restores yesterday's database without it, or whose file system does, is found out at the next start.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use template::{Digest, encode_hex};

use super::chain::Link;
use crate::snapshot::replace_file;

const HEADER: &str = "tallyward-anchor-v1";

/// What the anchor says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Anchor {
    pub epoch: String,
    pub release: Link,
    pub audit: Link,
}

/// Where it is.
pub(super) struct AnchorFile(PathBuf);

impl AnchorFile {
    pub(super) fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// What the file says; `None` where it is absent or says something else.
    pub(super) fn read(&self) -> io::Result<Option<Anchor>> {
        match fs::read_to_string(&self.0) {
            Ok(text) => Ok(parse(&text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Replaces what it says, durably.
    pub(super) fn write(&self, anchor: &Anchor) -> io::Result<()> {
        let Anchor { epoch, release, audit } = anchor;
        let text = format!("{HEADER} {epoch} {} {} {} {}\n", release.n, release.head, audit.n, audit.head);
        replace_file(&self.0, text.as_bytes())
    }
}

fn parse(text: &str) -> Option<Anchor> {
    let fields: Vec<&str> = text.strip_suffix('\n')?.split(' ').collect();
    let &[HEADER, epoch, n, head, audit_n, audit_head] = fields.as_slice() else { return None };
    let link = |n: &str, head: &str| Some(Link { n: n.parse().ok()?, head: head.parse::<Digest>().ok()? });
    Some(Anchor { epoch: epoch.to_owned(), release: link(n, head)?, audit: link(audit_n, audit_head)? })
}

/// The epoch as the anchor writes it.
pub(super) fn epoch_text(epoch: &[u8]) -> String {
    encode_hex(epoch)
}
