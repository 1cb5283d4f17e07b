//! What the demonstration says while it works: on standard error, so that standard output holds the answer alone.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Mutex;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};

use crate::region::Telling;

/// Stages and steps, as a bar on a terminal and as lines elsewhere.
#[derive(Default)]
pub struct Stages(Mutex<Option<Stage>>);

struct Stage {
    name: &'static str,
    bar: ProgressBar,
    since: Instant,
}

impl Telling for Stages {
    fn stage(&self, name: &'static str, steps: usize) {
        self.finish();
        let bar = if std::io::stderr().is_terminal() { ProgressBar::new(steps as u64) } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{msg:42} {bar:30} {pos}/{len} {elapsed}") {
            bar.set_style(style);
        }
        bar.set_message(name);
        bar.tick();
        if let Ok(mut stage) = self.0.lock() {
            *stage = Some(Stage { name, bar, since: Instant::now() });
        }
    }

    fn step(&self) {
        if let Ok(stage) = self.0.lock()
            && let Some(stage) = stage.as_ref()
        {
            stage.bar.inc(1);
        }
    }
}

impl Stages {
    /// Ends the stage that is under way.
    pub fn finish(&self) {
        let Ok(mut stage) = self.0.lock() else { return };
        if let Some(stage) = stage.take() {
            stage.bar.finish_and_clear();
            say(&format!("{}: {:.1} s", stage.name, stage.since.elapsed().as_secs_f64()));
        }
    }
}

/// Says one line on standard error.
pub fn say(line: &str) {
    // Whoever closed standard error does not want to hear.
    let _unheard = writeln!(std::io::stderr(), "{line}");
}

/// Says what went wrong, with its causes.
pub fn complain(error: &anyhow::Error) {
    say(&format!("error: {error}"));
    for cause in error.chain().skip(1) {
        say(&format!("  because: {cause}"));
    }
}
