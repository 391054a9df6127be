//! Standard error of a process: lines for the log, the last of them for the message of a failure.

use std::collections::VecDeque;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::ChildStderr;

/// A longer line is cut.
const MOST_LINE: usize = 4 << 10;
/// Lines handed to the log per run; what is beyond is counted.
const MOST_LINES: usize = 1000;
/// Lines and bytes kept for the message.
const TAIL_LINES: usize = 10;
const TAIL_BYTES: usize = 4 << 10;

/// The last lines.
#[derive(Debug, Default)]
struct Tail {
    lines: VecDeque<String>,
    bytes: usize,
}

impl Tail {
    fn push(&mut self, line: &str) {
        if line.trim().is_empty() {
            return;
        }
        self.bytes += line.len();
        self.lines.push_back(line.to_owned());
        while self.lines.len() > TAIL_LINES || (self.bytes > TAIL_BYTES && self.lines.len() > 1) {
            self.bytes -= self.lines.pop_front().map_or(0, |line| line.len());
        }
    }

    /// The lines as one text.
    fn text(&self) -> String {
        self.lines.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }
}

/// Where the lines go: to a listener, up to a number, and the last of them to the tail.
#[derive(Debug)]
pub(crate) struct Lines<F> {
    on_line: F,
    seen: usize,
    tail: Tail,
}

impl<F: FnMut(&str)> Lines<F> {
    pub(crate) fn new(on_line: F) -> Self {
        Self { on_line, seen: 0, tail: Tail::default() }
    }

    fn line(&mut self, line: &str) {
        self.tail.push(line);
        self.seen += 1;
        if self.seen <= MOST_LINES {
            (self.on_line)(line);
        }
    }

    /// One run is over: says how much was left out of the log, gives its last words, and begins anew.
    pub(crate) fn last_words(&mut self) -> String {
        if self.seen > MOST_LINES {
            (self.on_line)(&format!("{} further lines were left out of the log", self.seen - MOST_LINES));
        }
        self.seen = 0;
        std::mem::take(&mut self.tail).text()
    }
}

/// Reads to the end, whatever the process prints; what is not UTF-8 is shown as such.
pub(crate) async fn read_lines(stderr: Option<ChildStderr>, lines: &mut Lines<impl FnMut(&str)>) {
    let Some(stderr) = stderr else { return };
    let mut reader = BufReader::with_capacity(MOST_LINE, stderr);
    let mut line = Vec::new();
    loop {
        let (used, whole, ended) = match reader.fill_buf().await {
            Ok(chunk) if !chunk.is_empty() => {
                let newline = chunk.iter().position(|&byte| byte == b'\n');
                let text = &chunk[..newline.unwrap_or(chunk.len())];
                line.extend_from_slice(&text[..text.len().min(MOST_LINE - line.len().min(MOST_LINE))]);
                (newline.map_or(chunk.len(), |at| at + 1), newline.is_some(), false)
            }
            _ => (0, !line.is_empty(), true),
        };
        reader.consume(used);
        if whole {
            lines.line(&String::from_utf8_lossy(&line));
            line.clear();
        }
        if ended {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_keeps_the_last_lines_within_its_bounds() {
        let mut tail = Tail::default();
        (0..100).for_each(|number| tail.push(&number.to_string()));
        tail.push("  ");
        assert_eq!(tail.text(), "90\n91\n92\n93\n94\n95\n96\n97\n98\n99");
        tail.push(&"x".repeat(TAIL_BYTES));
        assert_eq!(tail.lines.len(), 1);
    }
}
