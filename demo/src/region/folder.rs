//! Where a region keeps what.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// The folder of a region.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// The region in `root`.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self(root.into())
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.0
    }

    /// What the region was made of; it is written last, so that a half-made region has none.
    #[must_use]
    pub fn description(&self) -> PathBuf {
        self.0.join("region.json")
    }

    /// There while the region is being made, and so after a making that was broken off.
    #[must_use]
    pub fn unfinished(&self) -> PathBuf {
        self.0.join("region.unfinished")
    }

    /// The certificate authority.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.0.join("authority")
    }

    /// The trust root that every provider pins.
    #[must_use]
    pub fn trust_root(&self) -> PathBuf {
        self.0.join("trust-root.json")
    }

    /// The guardians, each in a folder of their own.
    #[must_use]
    pub fn guardians(&self) -> PathBuf {
        self.0.join("guardians")
    }

    /// Signed documents of governance, to be published, and published list sizes.
    #[must_use]
    pub fn governance(&self) -> PathBuf {
        self.0.join("governance")
    }

    /// The coordinator.
    #[must_use]
    pub fn coordinator(&self) -> PathBuf {
        self.0.join("coordinator")
    }

    /// The analyst.
    #[must_use]
    pub fn analyst(&self) -> PathBuf {
        self.0.join("analyst")
    }

    /// All providers.
    #[must_use]
    pub fn providers(&self) -> PathBuf {
        self.0.join("providers")
    }

    /// One provider.
    #[must_use]
    pub fn provider(&self, code: &str) -> PathBuf {
        self.providers().join(code)
    }
}

/// Writes a file and the folders above it.
///
/// # Errors
/// Where the disk does not take it.
pub fn write(path: &Path, bytes: impl AsRef<[u8]>) -> Result<()> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).with_context(|| format!("cannot make the folder {}", parent.display()))?;
    }
    std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// Writes a file that only its owner may read.
///
/// # Errors
/// Where the disk does not take it.
pub fn write_private(path: &Path, bytes: impl AsRef<[u8]>) -> Result<()> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).with_context(|| format!("cannot make the folder {}", parent.display()))?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).with_context(|| format!("cannot write {}", path.display()))?;
    file.write_all(bytes.as_ref()).with_context(|| format!("cannot write {}", path.display()))
}
