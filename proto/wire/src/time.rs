//! Times in signed documents, as `template` spells them.

pub(crate) use template::time::{parse, serde_option, serde_text, text};
