//! What the programs write to their operators' logs, kept so that tests can read it.

use std::io;
use std::sync::{Mutex, Once};

use tracing_subscriber::fmt::MakeWriter;

static LOG: Mutex<Vec<String>> = Mutex::new(Vec::new());
static INSTALLED: Once = Once::new();

struct Kept;

/// Keeps every program's log from now on. All tests of this binary share it.
pub fn watch_log() {
    INSTALLED.call_once(|| {
        let filter = tracing_subscriber::EnvFilter::new("warn,node=debug,coordinator=debug,wire=debug");
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(Kept).init();
    });
}

/// The events of the log that hold all of `words`: name something of the test's own world among them.
pub fn logged(words: &[&str]) -> Vec<String> {
    let log = LOG.lock().unwrap();
    log.iter().filter(|event| words.iter().all(|word| event.contains(word))).cloned().collect()
}

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // The formatter writes each event at once.
        LOG.lock().unwrap().push(String::from_utf8_lossy(bytes).into_owned());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Kept {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        Self
    }
}
