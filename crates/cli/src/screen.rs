//! The terminal, shared by what is said once and by what is shown live.
//!
//! A log line written while lines are being redrawn would land between them. So whoever prints does it here: what is shown live is taken away, the line is
//! printed above, and it is shown again. Away from a terminal nothing is ever redrawn.

use std::io::{IsTerminal, Write, stderr, stdout};
use std::sync::Arc;

use parking_lot::Mutex;

/// Standard output and standard error of the daemon. Clones are the same screen.
#[derive(Clone)]
pub(crate) struct Screen(Arc<Mutex<State>>);

struct State {
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
    /// Columns; none when standard output is no terminal.
    width: Option<usize>,
    /// What is shown live.
    live: Vec<String>,
}

impl Screen {
    /// The screen of this process.
    pub(crate) fn of_process() -> Self {
        let width = stdout().is_terminal().then(columns);
        Self::new(Box::new(stdout()), Box::new(stderr()), width)
    }

    pub(crate) fn new(out: Box<dyn Write + Send>, err: Box<dyn Write + Send>, width: Option<usize>) -> Self {
        Self(Arc::new(Mutex::new(State { out, err, width, live: Vec::new() })))
    }

    /// Whether lines can be shown live.
    pub(crate) fn is_live(&self) -> bool {
        self.0.lock().width.is_some()
    }

    /// Prints a line to standard output.
    pub(crate) fn say(&self, line: &str) {
        self.0.lock().above(|state| writeln!(state.out, "{line}"));
    }

    /// Prints a line to standard error.
    pub(crate) fn log(&self, line: &str) {
        self.0.lock().above(|state| writeln!(state.err, "{line}"));
    }

    /// Shows these lines in place of those shown before. Nothing when standard output is no terminal.
    pub(crate) fn show(&self, lines: &[String]) {
        let mut state = self.0.lock();
        if state.live == lines {
            return;
        }
        state.take_away();
        state.live = lines.to_vec();
        state.draw();
    }

    /// Leaves what is shown where it stands.
    pub(crate) fn leave(&self) {
        self.0.lock().live.clear();
    }
}

impl State {
    /// Prints above what is shown live. Nobody is left to be told when the other end of a pipe is gone.
    fn above(&mut self, print: impl FnOnce(&mut Self) -> std::io::Result<()>) {
        self.take_away();
        drop(print(self));
        self.draw();
    }

    fn take_away(&mut self) {
        if self.width.is_some() && !self.live.is_empty() {
            drop(write!(self.out, "\x1b[{}A\x1b[J", self.live.len()));
            drop(self.out.flush());
        }
    }

    fn draw(&mut self) {
        let Some(width) = self.width else { return };
        for line in &self.live {
            // A line that wraps would be two, and one of them would stay.
            let cut: String = line.chars().take(width.saturating_sub(1)).collect();
            drop(writeln!(self.out, "{cut}"));
        }
        drop(self.out.flush());
    }
}

/// The columns of the terminal.
pub(crate) fn columns() -> usize {
    let size = rustix::termios::tcgetwinsize(stdout());
    size.ok().map(|size| usize::from(size.ws_col)).filter(|&columns| columns > 0).unwrap_or(80)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Buffer {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().clone()).unwrap()
        }
    }

    fn screen(width: Option<usize>) -> (Screen, Buffer) {
        let both = Buffer::default();
        (Screen::new(Box::new(both.clone()), Box::new(both.clone()), width), both)
    }

    #[test]
    fn a_log_line_is_printed_above_what_is_shown_live() {
        let (screen, printed) = screen(Some(80));
        screen.show(&["sites  ready".into(), "listings  ready".into()]);
        screen.log("WARN something");
        let redrawn = "\x1b[2A\x1b[JWARN something\nsites  ready\nlistings  ready\n";
        assert_eq!(printed.text(), format!("sites  ready\nlistings  ready\n{redrawn}"));
    }

    #[test]
    fn what_has_not_changed_is_not_drawn_again_and_a_long_line_is_cut() {
        let (screen, printed) = screen(Some(6));
        screen.show(&["sites  ready".into()]);
        screen.show(&["sites  ready".into()]);
        assert_eq!(printed.text(), "sites\n");
    }

    #[test]
    fn away_from_a_terminal_nothing_is_shown_live() {
        let (screen, printed) = screen(None);
        screen.show(&["sites  ready".into()]);
        screen.say("settled at index 3");
        assert_eq!(printed.text(), "settled at index 3\n");
        assert!(!screen.is_live());
    }
}
