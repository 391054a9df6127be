//! Server-Sent Events, read as the standard says.
//!
//! Lines end in LF, CR or CRLF; several `data` lines are one text; an empty `id` forgets the last one, and an event without an id has that of the one before it.
//! What is cut off before the empty line at its end was not said.

use std::io::{BufRead, Error, ErrorKind};
use std::time::Duration;

/// No event is larger: a whole commit, before and after, is not.
const MOST_BYTES: usize = 64 << 20;

/// An event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    /// What it is; `message` when it does not say.
    pub(crate) name: String,
    /// The last id that was told, up to and including this event; may be empty.
    pub(crate) id: String,
    /// Its data.
    pub(crate) data: String,
}

/// The events of a stream.
pub(super) struct Events<R> {
    input: R,
    /// A line feed that follows now ended the line before.
    after_return: bool,
    is_first: bool,
    id: String,
    retry: Option<Duration>,
}

impl<R: BufRead> Events<R> {
    /// `id` is the last one of the connection before.
    pub(super) fn new(input: R, id: &str) -> Self {
        Self { input, after_return: false, is_first: true, id: id.to_owned(), retry: None }
    }

    /// The last id: what to go on after.
    pub(super) fn last_id(&self) -> &str {
        &self.id
    }

    /// How long to wait before connecting again, when the server said.
    pub(super) const fn retry(&self) -> Option<Duration> {
        self.retry
    }

    /// The next event; none when the stream has ended.
    pub(super) fn next(&mut self) -> std::io::Result<Option<Event>> {
        let (mut name, mut data, mut id) = (String::new(), String::new(), self.id.clone());
        while let Some(line) = self.line()? {
            if line.is_empty() {
                self.id.clone_from(&id);
                if data.is_empty() {
                    name.clear();
                    continue;
                }
                data.pop();
                let name = if name.is_empty() { "message".to_owned() } else { name };
                return Ok(Some(Event { name, id, data }));
            }
            let (field, value) = line.split_once(':').unwrap_or((&line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => value.clone_into(&mut name),
                "data" => {
                    if data.len() + value.len() > MOST_BYTES {
                        return Err(too_large());
                    }
                    data.push_str(value);
                    data.push('\n');
                }
                "id" if !value.contains('\0') => value.clone_into(&mut id),
                "retry" if value.bytes().all(|digit| digit.is_ascii_digit()) => {
                    self.retry = value.parse().ok().map(Duration::from_millis).or(self.retry);
                }
                // A comment (no field), or a field of a later standard.
                _ => {}
            }
        }
        Ok(None)
    }

    /// The next line without its end; none at the end of the stream, where a line that has no end is dropped.
    fn line(&mut self) -> std::io::Result<Option<String>> {
        let mut line = Vec::new();
        loop {
            let available = match self.input.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if available.is_empty() {
                return Ok(None);
            }
            if std::mem::take(&mut self.after_return) && available[0] == b'\n' {
                self.input.consume(1);
                continue;
            }
            let end = available.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let taken = end.unwrap_or(available.len());
            if line.len() + taken > MOST_BYTES {
                return Err(too_large());
            }
            line.extend_from_slice(&available[..taken]);
            let Some(end) = end else {
                self.input.consume(taken);
                continue;
            };
            self.after_return = available[end] == b'\r';
            self.input.consume(end + 1);
            let text = String::from_utf8_lossy(&line);
            // A mark of the byte order may stand before everything.
            let text =
                if std::mem::take(&mut self.is_first) { text.trim_start_matches('\u{feff}') } else { &text };
            return Ok(Some(text.to_owned()));
        }
    }
}

fn too_large() -> Error {
    Error::new(ErrorKind::InvalidData, format!("an event is larger than {MOST_BYTES} bytes"))
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    /// Read a byte at a time, so that every break falls everywhere.
    fn read(text: &str) -> (Vec<(String, String, String)>, String, Option<Duration>) {
        let mut events = Events::new(BufReader::with_capacity(1, text.as_bytes()), "before");
        let mut all = Vec::new();
        while let Some(event) = events.next().unwrap() {
            all.push((event.name, event.id, event.data));
        }
        (all, events.last_id().to_owned(), events.retry())
    }

    fn told(text: &str) -> Vec<(String, String, String)> {
        read(text).0
    }

    fn event(name: &str, id: &str, data: &str) -> (String, String, String) {
        (name.into(), id.into(), data.into())
    }

    #[test]
    fn lines_end_in_any_of_three_ways() {
        for end in ["\n", "\r", "\r\n"] {
            let text = ["event: change", "id: 7", "data: {}", "", "data: b", ""].join(end) + end;
            let wanted = vec![event("change", "7", "{}"), event("message", "7", "b")];
            assert_eq!(told(&text), wanted, "{end:?}");
        }
    }

    #[test]
    fn data_of_several_lines_is_one_text_and_one_blank_after_the_colon_is_not_of_it() {
        assert_eq!(told("data: a\ndata:b\ndata:  c\ndata\n\n"), [event("message", "before", "a\nb\n c\n")]);
    }

    #[test]
    fn comments_and_fields_that_are_not_known_are_passed_over() {
        assert_eq!(told(":\n\n: hello\nfuture: x\ndata: a\n\n"), [event("message", "before", "a")]);
    }

    #[test]
    fn an_id_stays_until_another_and_an_empty_one_forgets_it() {
        let (events, last, _) = read("id: 1\ndata: a\n\ndata: b\n\nid:\ndata: c\n\ndata: d\n\n");
        let ids: Vec<_> = events.iter().map(|(_, id, _)| id.as_str()).collect();
        assert_eq!((ids, last.as_str()), (vec!["1", "1", "", ""], ""));
        assert_eq!(read("id: a\0b\ndata: c\n\n").1, "before", "no id holds a zero");
        assert_eq!(read("id: 5\n\n").1, "5", "an event without data has an id too");
    }

    #[test]
    fn what_is_cut_off_was_not_said() {
        let (events, last, _) = read("data: a\n\nid: 9\nevent: change\ndata: b\n");
        assert_eq!((events, last.as_str()), (vec![event("message", "before", "a")], "before"));
    }

    #[test]
    fn the_time_to_wait_is_digits_and_a_mark_of_the_byte_order_is_passed_over() {
        let (events, _, retry) = read("\u{feff}retry: 1500\nretry: soon\ndata: a\n\n");
        assert_eq!((events.len(), retry), (1, Some(Duration::from_millis(1500))));
    }

    #[test]
    fn an_event_without_end_is_refused() {
        struct Endless;
        impl std::io::Read for Endless {
            fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
                buffer.fill(b'x');
                Ok(buffer.len())
            }
        }
        let mut events = Events::new(BufReader::new(Endless), "");
        assert_eq!(events.next().unwrap_err().kind(), ErrorKind::InvalidData);
    }
}
