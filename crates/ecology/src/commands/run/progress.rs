//! How far a run is: a line that is redrawn on a terminal, a line every second elsewhere.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::terminal::Terminal;
use crate::text::{count, micros, number};
use ecology_runner::session::Progress;

/// Shows progress on stderr.
pub(super) struct Line {
    how: How,
    every: Duration,
    last: Option<Instant>,
    started: Instant,
}

enum How {
    Silent,
    Redrawn(ProgressBar),
    Lines(Terminal),
}

impl Line {
    pub(super) fn new(terminal: &Terminal, quiet: bool) -> Self {
        let how = match (quiet, terminal.talk_is_live) {
            (true, _) => How::Silent,
            (false, true) => How::Redrawn(bar(terminal.talk.is_on())),
            (false, false) => How::Lines(terminal.clone()),
        };
        let every = if terminal.talk_is_live { Duration::from_millis(80) } else { Duration::from_secs(1) };
        // The first line elsewhere comes after a second: a short run needs none.
        let last = (!terminal.talk_is_live).then(Instant::now);
        Self { how, every, last, started: Instant::now() }
    }

    /// Takes note of how far the run is. Called often: most calls only look at the clock.
    pub(super) fn show(&mut self, progress: &Progress) {
        if matches!(self.how, How::Silent) || self.last.is_some_and(|last| last.elapsed() < self.every) {
            return;
        }
        self.last = Some(Instant::now());
        match &self.how {
            How::Silent => {}
            How::Redrawn(bar) => {
                let (at, end) = measure(progress);
                bar.set_length(end.unwrap_or(at).max(1));
                bar.set_position(at);
                bar.set_message(words(progress));
            }
            How::Lines(terminal) => {
                let seconds = self.started.elapsed().as_secs();
                terminal.say(&format!("{seconds:>4} s  {}", words(progress)));
            }
        }
    }

    /// Takes the line away.
    pub(super) fn clear(&self) {
        if let How::Redrawn(bar) = &self.how {
            bar.finish_and_clear();
        }
    }
}

fn bar(colored: bool) -> ProgressBar {
    // A wide message is cut at the edge of the terminal: a line that wraps is not redrawn in place.
    let template = if colored {
        "{bar:20.cyan/dim} {percent:>3} %  {wide_msg}"
    } else {
        "{bar:20} {percent:>3} %  {wide_msg}"
    };
    let bar = ProgressBar::new(1);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("━╸─"));
    }
    // A large world takes a while until its first tick.
    bar.set_message("preparing the world");
    bar.tick();
    bar
}

/// How far, and how far it will go, in ticks or microseconds.
fn measure(progress: &Progress) -> (u64, Option<u64>) {
    match progress.ticks {
        Some(ticks) => (progress.tick, Some(ticks).filter(|ticks| *ticks < u64::MAX)),
        None => (progress.world_time.0, progress.until.map(|until| until.0)),
    }
}

fn words(progress: &Progress) -> String {
    let far = match (progress.ticks, progress.until) {
        (Some(ticks), _) if ticks < u64::MAX => {
            format!("tick {} of {}", number(progress.tick), number(ticks))
        }
        (Some(_), _) => format!("tick {}", number(progress.tick)),
        (None, Some(until)) => format!("{} of {}", micros(progress.world_time.0), micros(until.0)),
        (None, None) => micros(progress.world_time.0),
    };
    format!("{far}, {}, {}", count(progress.events, "event"), count(progress.open_orders, "open order"))
}

#[cfg(test)]
mod tests {
    use ecology_types::Time;

    use super::*;

    #[test]
    fn words_of_both_modes() {
        let by_ticks = Progress {
            tick: 7,
            ticks: Some(360),
            world_time: Time(7_000_000),
            until: None,
            events: 12_345,
            records: 1,
            open_orders: 9,
        };
        assert_eq!(words(&by_ticks), "tick 7 of 360, 12,345 events, 9 open orders");
        assert_eq!(measure(&by_ticks), (7, Some(360)));
        let by_time = Progress { ticks: None, until: Some(Time(30_000_000)), ..by_ticks };
        assert_eq!(words(&by_time), "7.00 s of 30.00 s, 12,345 events, 9 open orders");
        let endless = Progress { ticks: Some(u64::MAX), until: None, ..by_time };
        assert_eq!(measure(&endless), (7, None));
    }
}
