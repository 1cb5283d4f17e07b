//! How far a run has come, on standard error: a bar over the sites on a terminal, else a plain line per change, at most
//! one a second.

use std::io::{self, IsTerminal as _, Write, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use wire::Progress;

/// The least time between two plain lines.
const BETWEEN_LINES: Duration = Duration::from_secs(1);
/// How often the bar's clock moves on.
const TICK: Duration = Duration::from_millis(250);
const BAR: &str = "{bar:36.green} {pos}/{len} sites  {msg}  {elapsed}";

/// Whether progress is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loudness {
    /// Nothing but errors.
    Quiet,
    /// Progress and summary.
    Told,
}

/// Tells how far a run has come.
#[derive(Debug)]
pub struct SiteProgress(Display);

#[derive(Debug)]
enum Display {
    Bar(ProgressBar),
    Lines(Lines),
    Silent,
}

impl SiteProgress {
    /// On standard error: a bar where it is a terminal, else plain lines.
    #[must_use]
    pub fn on_stderr(loudness: Loudness) -> Self {
        match loudness {
            Loudness::Quiet => Self(Display::Silent),
            Loudness::Told if stderr().is_terminal() => Self(Display::Bar(bar())),
            Loudness::Told => Self(Display::Lines(Lines::default())),
        }
    }

    /// Tells `progress`.
    pub fn update(&mut self, progress: &Progress) {
        match &mut self.0 {
            Display::Bar(bar) => {
                bar.set_length(u64::from(progress.asked));
                bar.set_position(u64::from(progress.asked.saturating_sub(progress.waiting)));
                bar.set_message(outcomes(progress));
            }
            Display::Lines(lines) => print(lines.take(progress, Instant::now())),
            Display::Silent => {}
        }
    }

    /// Lets time pass: tells a change that was held back because it came too soon after the last. Call it about once
    /// a second.
    pub fn pass(&mut self) {
        if let Display::Lines(lines) = &mut self.0 {
            print(lines.due(Instant::now()));
        }
    }

    /// Ends the telling; what was held back is told. The bar goes away.
    pub fn finish(self) {
        match self.0 {
            Display::Bar(bar) => bar.finish_and_clear(),
            Display::Lines(mut lines) => print(lines.pending.take().as_ref().map(line)),
            Display::Silent => {}
        }
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    // The form is fixed and has a test; were it wrong, the default bar would do.
    if let Ok(style) = ProgressStyle::with_template(BAR) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(TICK);
    bar
}

fn print(line: Option<String>) {
    if let Some(line) = line {
        // Where standard error is gone there is nobody to tell.
        let _: io::Result<()> = writeln!(stderr(), "{line}");
    }
}

/// Which plain lines are due: pure, so that time is an argument.
#[derive(Debug, Default)]
struct Lines {
    told: Option<(Progress, Instant)>,
    pending: Option<Progress>,
}

impl Lines {
    fn take(&mut self, progress: &Progress, now: Instant) -> Option<String> {
        let known = self.pending.as_ref().or(self.told.as_ref().map(|(progress, _)| progress));
        if known != Some(progress) {
            self.pending = Some(*progress);
        }
        self.due(now)
    }

    fn due(&mut self, now: Instant) -> Option<String> {
        if self.told.is_some_and(|(_, at)| now.duration_since(at) < BETWEEN_LINES) {
            return None;
        }
        let progress = self.pending.take()?;
        self.told = Some((progress, now));
        Some(line(&progress))
    }
}

fn line(progress: &Progress) -> String {
    let answered = progress.asked.saturating_sub(progress.waiting);
    format!("{answered} of {} sites: {}", progress.asked, outcomes(progress))
}

fn outcomes(progress: &Progress) -> String {
    let Progress { released, refused, failed, waiting, .. } = progress;
    format!("{released} released, {refused} refused, {failed} failed, {waiting} waiting")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(released: u32) -> Progress {
        Progress { asked: 3, released, refused: 0, failed: 0, waiting: 3 - released }
    }

    #[test]
    fn at_most_one_line_a_second_and_the_last_is_never_lost() {
        let start = Instant::now();
        let after = |ms| start + Duration::from_millis(ms);
        let mut lines = Lines::default();
        assert_eq!(lines.take(&at(0), after(0)).unwrap(), "0 of 3 sites: 0 released, 0 refused, 0 failed, 3 waiting");
        assert_eq!(lines.take(&at(1), after(300)), None);
        assert_eq!(lines.take(&at(2), after(600)), None);
        assert_eq!(lines.due(after(900)), None);
        assert_eq!(lines.due(after(1000)).unwrap(), "2 of 3 sites: 2 released, 0 refused, 0 failed, 1 waiting");
        assert_eq!(lines.due(after(2500)), None);
        assert_eq!(lines.take(&at(2), after(4000)), None, "no change");
        assert!(lines.take(&at(3), after(5000)).is_some());
    }

    #[test]
    fn the_bar_has_a_form() {
        assert!(ProgressStyle::with_template(BAR).is_ok());
    }
}
