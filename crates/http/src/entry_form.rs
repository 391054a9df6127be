//! Entries as JSON text, written straight from their records.
//!
//! [`Entry::to_document`] copies spec and status, and encoding copies them again. A page of a list is thousands of entries, and a client may be slow: so they
//! are encoded a piece at a time as the connection takes them, and each byte is copied once.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use futures_core::Stream;
use serde::Serialize;
use serde_json::value::RawValue;
use trimtab_store::{Entry, Labels, Meta, OwnerRef, Tenancy};

use crate::wire::{EntryKey, StuckEntry};

/// How many bytes are encoded before the connection is asked to take them.
const PIECE: usize = 64 << 10;

/// A [`Document`](trimtab_store::Document) that borrows. A test compares the two.
#[derive(Serialize)]
struct Form<'a> {
    kind: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partition: Option<&'a str>,
    #[serde(skip_serializing_if = "Labels::is_empty")]
    labels: &'a Labels,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    owners: Vec<OwnerRef>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    finalizers: &'a [String],
    spec: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a RawValue>,
    meta: Meta,
}

/// Appends an entry as JSON; an error when its spec or status is none, and then nothing was appended.
pub(crate) fn write(entry: &Entry, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    let unless_default = |part| if part == "default" { None } else { Some(part) };
    debug_assert_eq!(Tenancy::default().to_string(), "default/default", "what is left out is the default");
    let form = Form {
        kind: entry.kind(),
        name: entry.name(),
        namespace: unless_default(entry.namespace()),
        partition: unless_default(entry.partition()),
        labels: entry.labels(),
        owners: entry.owners().iter().cloned().map(OwnerRef::from).collect(),
        finalizers: entry.finalizers(),
        spec: serde_json::from_str(entry.spec_json().trim())?,
        status: entry.status_json().map(|status| serde_json::from_str(status.trim())).transpose()?,
        meta: Meta::of(entry),
    };
    serde_json::to_writer(out, &form)
}

/// A page of a list on its way out: the JSON of an [`EntryList`](crate::wire::EntryList).
pub(crate) struct Page {
    pub(crate) entries: std::vec::IntoIter<Entry>,
    pub(crate) position: String,
    pub(crate) next: Option<String>,
    pub(crate) unreadable: Vec<StuckEntry>,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Head,
    First,
    More,
    Done,
}

/// What stands behind the items.
#[derive(Serialize)]
struct Tail<'a> {
    position: &'a str,
    #[serde(rename = "continue", skip_serializing_if = "Option::is_none")]
    next: Option<&'a str>,
    #[serde(skip_serializing_if = "<[StuckEntry]>::is_empty")]
    unreadable: &'a [StuckEntry],
}

impl Page {
    pub(crate) fn new(
        entries: Vec<Entry>,
        position: String,
        unreadable: Vec<StuckEntry>,
        next: Option<String>,
    ) -> Self {
        Self { entries: entries.into_iter(), position, next, unreadable, stage: Stage::Head }
    }

    /// As the body of an answer: whole when it is small, else piece by piece.
    pub(crate) fn into_body(mut self) -> Body {
        let first = self.piece();
        if self.stage == Stage::Done {
            return Body::from(first);
        }
        Body::from_stream(Pieces { first: Some(first), page: self })
    }

    /// The next piece of its JSON.
    fn piece(&mut self) -> Bytes {
        let mut out = Vec::with_capacity(self.entries.len().min(PIECE / 256) * 256 + 256);
        if self.stage == Stage::Head {
            out.extend_from_slice(br#"{"items":["#);
            self.stage = Stage::First;
        }
        while out.len() < PIECE {
            let Some(entry) = self.entries.next() else {
                self.end(&mut out);
                break;
            };
            let before = out.len();
            if self.stage == Stage::More {
                out.push(b',');
            }
            match write(&entry, &mut out) {
                Ok(()) => self.stage = Stage::More,
                Err(error) => {
                    out.truncate(before);
                    self.unreadable
                        .push(StuckEntry { key: EntryKey::from(&entry), error: error.to_string() });
                }
            }
        }
        out.into()
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        out.push(b']');
        let (position, next) = (self.position.as_str(), self.next.as_deref());
        let tail = Tail { position, next, unreadable: &self.unreadable };
        let tail = serde_json::to_vec(&tail).expect("text under text keys is JSON");
        out.push(b',');
        out.extend_from_slice(&tail[1..]);
        self.stage = Stage::Done;
    }
}

/// The pieces of a page.
struct Pieces {
    first: Option<Bytes>,
    page: Page,
}

impl Stream for Pieces {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        let more = self.page.stage != Stage::Done;
        Poll::Ready(more.then(|| Ok(self.page.piece())))
    }
}
