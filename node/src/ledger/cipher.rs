//! Seals the sets of contributors at rest: AES-256-GCM under a key that only this provider's node can read.

use std::fs;
use std::io;
use std::path::Path;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};

const KEY_BYTES: usize = 32;
const CONTEXT: &[u8] = b"tallyward-contributors-v1";

/// The cipher of a provider's contributors. It never prints.
pub(crate) struct Cipher(LessSafeKey);

impl Cipher {
    /// Makes a key file that only its owner can read.
    pub(super) fn create(path: &Path) -> io::Result<()> {
        let mut key = [0; KEY_BYTES];
        SystemRandom::new().fill(&mut key).map_err(|_| io::Error::other("the operating system gave no randomness"))?;
        wire::create_private(path, &key)
    }

    /// The cipher of a key file; `None` where the file holds no such key.
    pub(crate) fn open(path: &Path) -> io::Result<Option<Self>> {
        let key = fs::read(path)?;
        Ok(UnboundKey::new(&AES_256_GCM, &key).ok().map(LessSafeKey::new).map(Self))
    }

    /// The sealed form, bound to `place`: twelve bytes of nonce, then the ciphertext with its tag.
    pub(crate) fn seal(&self, plain: &[u8], place: &[u8]) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).ok()?;
        let mut sealed = plain.to_vec();
        let aad = Aad::from([CONTEXT, place].concat());
        self.0.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed).ok()?;
        Some([nonce.as_slice(), &sealed].concat())
    }

    /// The opened form, if it was sealed under this key for `place`.
    pub(crate) fn unseal(&self, sealed: &[u8], place: &[u8]) -> Option<Vec<u8>> {
        let (nonce, body) = sealed.split_at_checked(NONCE_LEN)?;
        let mut body = body.to_vec();
        let aad = Aad::from([CONTEXT, place].concat());
        let plain = self.0.open_in_place(Nonce::try_assume_unique_for_key(nonce).ok()?, aad, &mut body).ok()?;
        Some(plain.to_vec())
    }
}
