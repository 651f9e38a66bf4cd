//! How far a long command has come: one line on standard error, where that is a terminal.

use std::{
    io::{IsTerminal, Write},
    time::Duration,
};

use tokio::time::Instant;

/// One line that is written over and over. Where standard error is no terminal, nothing.
pub(crate) struct Progress {
    noun: &'static str,
    began: Instant,
    on: bool,
    /// How many columns are to be wiped.
    drawn: usize,
}

impl Progress {
    /// `noun`: what is counted, in the plural.
    pub(crate) fn new(noun: &'static str) -> Self {
        // A log on the same terminal tells more, and each would tear the other's lines.
        let on = std::io::stderr().is_terminal() && std::env::var_os("RUST_LOG").is_none();
        Self { noun, began: Instant::now(), on, drawn: 0 }
    }

    /// Makes room for other output.
    pub(crate) fn wipe(&mut self) {
        if self.drawn > 0 {
            // Spaces, because not every terminal knows the sequence that clears a line.
            self.write(&format!("\r{:1$}\r", "", self.drawn));
            self.drawn = 0;
        }
    }

    pub(crate) fn draw(&mut self, count: u64, total: Option<u64>) {
        if self.on {
            let line = line(self.noun, count, total, self.began.elapsed());
            self.wipe();
            self.write(&line);
            self.drawn = line.len();
        }
    }

    fn write(&self, text: &str) {
        let mut err = std::io::stderr().lock();
        // When nobody reads it, it is not missed.
        let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.wipe();
    }
}

/// Short enough for any terminal: a line that is wrapped cannot be written over.
fn line(noun: &str, count: u64, total: Option<u64>, elapsed: Duration) -> String {
    let of = total.map(|total| format!(" of {total}")).unwrap_or_default();
    let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    let rate = count.saturating_mul(1000) / millis;
    format!("{count}{of} {noun}, {rate}/s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_the_count_the_total_and_the_rate() {
        let second = Duration::from_secs(1);
        assert_eq!(line("rows", 50, None, second / 2), "50 rows, 100/s");
        assert_eq!(line("rows", 100, Some(120), second * 3), "100 of 120 rows, 33/s");
        assert_eq!(line("commands", 5, None, Duration::ZERO), "5 commands, 5000/s");
    }
}
