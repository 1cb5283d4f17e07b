//! JSON: the answer as it is.

use std::io::{self, Write};

use serde::Serialize;

/// Writes `document` (an answer, a list, an explanation) as JSON for reading.
///
/// # Errors
/// Where `out` cannot be written.
pub fn render_json(document: &impl Serialize, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, document)?;
    out.write_all(b"\n")?;
    out.flush()
}
