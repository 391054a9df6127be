//! The text of Server-Sent Events.
//!
//! A line break ends a field, so no data may hold one. JSON needs none: inside of its strings they are escaped, and outside they are nothing but
//! white space, which a client may have put into a spec.

use bytes::Bytes;
use serde::Serialize;
use trimtab_store::{Entry, EntryEvent, Position};

use super::wanted::Seen;
use crate::wire::{EntryKey, Progress, Reset, SnapshotEntry};

/// Told first: a client that was cut off comes back after a second.
pub(crate) const RETRY: &str = "retry: 1000\n\n";

/// One change as JSON, in parts, so that what a watch may not see can be left out.
pub(crate) struct Piece {
    /// `"kind":"site","name":"blog"`
    key: Box<str>,
    old: Option<Box<str>>,
    new: Option<Box<str>>,
}

impl Piece {
    /// The parts of an event; none when the entry's spec or status is not JSON: it is neither changed for those who hold it, nor gone.
    pub(crate) fn of(event: &EntryEvent) -> Option<Self> {
        let key = line(&EntryKey::from(&event.key))?;
        let new = match &event.new {
            Some(new) => Some(document(new)?),
            None => None,
        };
        let old = event.old.as_ref().and_then(document);
        Some(Self { key: key[1..key.len() - 1].into(), old, new })
    }

    fn write(&self, seen: Seen, out: &mut String) {
        out.push('{');
        out.push_str(&self.key);
        for (name, half, hidden) in
            [("old", &self.old, seen == Seen::Appears), ("new", &self.new, seen == Seen::Disappears)]
        {
            if let Some(half) = half.as_deref().filter(|_| !hidden) {
                out.push_str(",\"");
                out.push_str(name);
                out.push_str("\":");
                out.push_str(half);
            }
        }
        out.push('}');
    }
}

/// `change`, of these pieces; `None` when there are none.
pub(crate) fn change<'a>(
    position: Position,
    pieces: impl IntoIterator<Item = (&'a Piece, Seen)>,
) -> Option<Bytes> {
    let mut text =
        format!("event: change\nid: {position}\ndata: {{\"position\":\"{position}\",\"changes\":[");
    let before = text.len();
    for (piece, seen) in pieces {
        if text.len() > before {
            text.push(',');
        }
        piece.write(seen, &mut text);
    }
    if text.len() == before {
        return None;
    }
    text.push_str("]}\n\n");
    Some(text.into())
}

/// Appends `snapshot`, without an id: who is cut off in the middle begins anew. Left out when the entry's spec or status is not JSON.
pub(crate) fn snapshot(entry: &Entry, out: &mut String) {
    if let Some(data) = entry.to_document().ok().and_then(|entry| line(&SnapshotEntry { entry })) {
        out.push_str("event: snapshot\ndata: ");
        out.push_str(&data);
        out.push_str("\n\n");
    }
}

/// `end-of-snapshot` or `progress`.
pub(crate) fn progress(name: &str, position: Position) -> Bytes {
    let data = line(&Progress { position: position.to_string() }).unwrap_or_default();
    format!("event: {name}\nid: {position}\ndata: {data}\n\n").into()
}

/// `reset`, with an empty id.
pub(crate) fn reset(reason: &str) -> Bytes {
    let data = line(&Reset { reason: reason.into() }).unwrap_or_default();
    format!("event: reset\nid:\ndata: {data}\n\n").into()
}

fn document(entry: &Entry) -> Option<Box<str>> {
    line(&entry.to_document().ok()?).map(String::into_boxed_str)
}

/// As JSON on one line.
fn line(value: &impl Serialize) -> Option<String> {
    let text = serde_json::to_string(value).ok()?;
    Some(if text.contains(['\n', '\r']) { text.replace(['\n', '\r'], " ") } else { text })
}
