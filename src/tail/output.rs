//! Standard output: the only place where events are printed.

use super::line::Lines;
use super::shown::Shown;
use super::{Args, Stop};
use std::io::{BufWriter, IsTerminal, Stdout, Write, stdout};
use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);

/// Prints events as they were asked for.
#[derive(Debug)]
pub(super) struct Output {
    out: BufWriter<Stdout>,
    lines: Lines,
    json: bool,
    left: Option<u64>,
    pace: Option<Pace>,
}

/// Shows only so many lines a second.
#[derive(Debug)]
struct Pace {
    most: u64,
    begun: Instant,
    shown: u64,
    skipped: u64,
}

impl Pace {
    fn new(most: u64) -> Self {
        Self { most, begun: Instant::now(), shown: 0, skipped: 0 }
    }

    /// How many were left out in the second that has just ended, if one has.
    fn turn(&mut self, now: Instant) -> Option<u64> {
        if now.duration_since(self.begun) < SECOND {
            return None;
        }
        let skipped = self.skipped;
        *self = Self { begun: now, shown: 0, skipped: 0, most: self.most };
        (skipped > 0).then_some(skipped)
    }

    /// Whether one more is shown.
    fn admits(&mut self) -> bool {
        let admitted = self.shown < self.most;
        *(if admitted { &mut self.shown } else { &mut self.skipped }) += 1;
        admitted
    }
}

impl Output {
    pub(super) fn new(args: &Args) -> Self {
        let out = stdout();
        let lines = Lines::new(out.is_terminal(), args.width);
        let out = BufWriter::with_capacity(64 * 1024, out);
        let pace = args.max_rate.filter(|_| !args.json).map(Pace::new);
        Self { out, lines, json: args.json, left: args.limit, pace }
    }

    /// Prints one event; [`Output::flush`] makes sure that it is seen.
    pub(super) fn event(&mut self, shown: &Shown) -> Result<(), Stop> {
        if let Some(skipped) = self.pace.as_mut().and_then(|pace| pace.turn(Instant::now())) {
            writeln!(self.out, "{}", self.lines.aside(&format!("… {skipped} more")))?;
        }
        if self.json {
            writeln!(self.out, "{}", shown.json())?;
        } else if self.pace.as_mut().is_none_or(Pace::admits) {
            writeln!(self.out, "{}", self.lines.line(shown))?;
        }
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.out.flush()?;
                return Err(Stop::Enough);
            }
        }
        Ok(())
    }

    /// Everything printed so far is seen from now on.
    pub(super) fn flush(&mut self) -> Result<(), Stop> {
        Ok(self.out.flush()?)
    }

    /// A word to the person, beside the events.
    #[allow(clippy::print_stderr, reason = "this is the command's voice")]
    pub(super) fn say(&mut self, text: &str) {
        // A closed stderr must not end the command.
        let _ = writeln!(std::io::stderr(), "{text}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_for_a_second_is_counted() {
        let mut pace = Pace::new(2);
        let begun = pace.begun;
        assert_eq!([(); 5].map(|()| pace.admits()), [true, true, false, false, false]);
        assert_eq!(pace.turn(begun + SECOND / 2), None);
        assert_eq!(pace.turn(begun + SECOND), Some(3));
        assert!(pace.admits());
        assert_eq!(pace.turn(begun + 3 * SECOND), None, "nothing was left out");
    }
}
