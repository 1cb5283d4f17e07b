//! Contributors of earlier releases, opened as they are needed and a bounded number of them kept.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use disclosure::{Contributors, Vault};
use template::Digest;
use tokio::runtime::Handle;

use crate::ledger::{Cipher, Ledger, Sealed};

/// The sealed bytes of what is kept opened.
const KEPT_BYTES: usize = 64 * 1024 * 1024;

/// A sealed row, opened.
pub(super) struct Opened {
    /// The base population of its question.
    pub base: Digest,
    /// Which list the numbers of its people come from.
    pub numbering: Digest,
    pub contributors: Contributors,
}

impl Opened {
    /// The sealed form of a release's contributors, bound to the place of its order.
    pub(super) fn seal(
        cipher: &Cipher,
        place: &str,
        base: &Digest,
        numbering: &Digest,
        contributors: &Contributors,
    ) -> Option<Vec<u8>> {
        contributors.seal(|plain| cipher.seal(&[base.bytes(), numbering.bytes(), plain].concat(), place.as_bytes()))
    }

    pub(super) fn open(cipher: &Cipher, sealed: &Sealed) -> Option<Self> {
        let plain = cipher.unseal(&sealed.contributors, sealed.place.as_bytes())?;
        let (base, rest) = plain.split_first_chunk::<32>()?;
        let (numbering, rest) = rest.split_first_chunk::<32>()?;
        let contributors = Contributors::unseal(rest)?;
        Some(Self { base: Digest::from(*base), numbering: Digest::from(*numbering), contributors })
    }
}

/// What is kept opened between questions.
#[derive(Default)]
pub(super) struct Cache {
    kept: VecDeque<(u64, usize, Arc<Contributors>)>,
    bytes: usize,
}

impl Cache {
    pub(super) fn keep(&mut self, release: u64, bytes: usize, contributors: Arc<Contributors>) {
        self.kept.push_back((release, bytes, contributors));
        self.bytes += bytes;
        while self.bytes > KEPT_BYTES && self.kept.len() > 1 {
            let Some((_, bytes, _)) = self.kept.pop_front() else { break };
            self.bytes -= bytes;
        }
    }

    fn find(&self, release: u64) -> Option<Arc<Contributors>> {
        self.kept.iter().rev().find(|(kept, _, _)| *kept == release).map(|(_, _, found)| Arc::clone(found))
    }
}

/// The ledger's contributors, for a thread that may wait.
pub(super) struct Releases<'a> {
    pub ledger: &'a Ledger,
    pub cipher: &'a Cipher,
    pub handle: Handle,
    pub cache: Mutex<&'a mut Cache>,
}

impl Vault for Releases<'_> {
    fn contributors(&self, release: u64) -> Option<Arc<Contributors>> {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = cache.find(release) {
            return Some(found);
        }
        let sealed = self.handle.block_on(self.ledger.sealed(release)).ok().flatten()?;
        let opened = Arc::new(Opened::open(self.cipher, &sealed)?.contributors);
        cache.keep(release, sealed.contributors.len(), Arc::clone(&opened));
        Some(opened)
    }
}
