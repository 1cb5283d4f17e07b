//! Who stands behind each inner cell, for the ledger's comparison of releases.

use roaring::RoaringBitmap;

/// The people behind each inner cell of a protected table, as node-local numbers.
///
/// They never leave the node: no Debug, Clone or getter, and one way out, to the ledger that encrypts them at rest.
pub struct Contributors(Vec<RoaringBitmap>);

impl Contributors {
    pub(crate) fn new(cells: Vec<RoaringBitmap>) -> Self {
        Self(cells)
    }

    /// The number of inner cells, which the declaration gives away anyway.
    #[must_use]
    pub fn cells(&self) -> usize {
        self.0.len()
    }

    /// Hands the sets, serialised, to `encrypt` and returns what it made of them.
    ///
    /// Per inner cell, in the domain's order: four bytes of length (little endian), then the set in Roaring's portable
    /// format. `encrypt` must not let the bytes reach anything but the ledger's cipher.
    pub fn seal<T>(&self, encrypt: impl FnOnce(&[u8]) -> T) -> T {
        let mut bytes = Vec::with_capacity(self.0.iter().map(|people| 4 + people.serialized_size()).sum());
        for people in &self.0 {
            // A set of u32 numbers takes at most 8192 bytes for each of 65,536 chunks: half a GiB and headers.
            let length = u32::try_from(people.serialized_size()).unwrap_or(u32::MAX);
            bytes.extend_from_slice(&length.to_le_bytes());
            // Writing to memory cannot fail; were it to, the ledger would refuse the short record.
            if people.serialize_into(&mut bytes).is_err() {
                bytes.clear();
                break;
            }
        }
        encrypt(&bytes)
    }
}
