//! From the messages of a watch to whole revisions. Pure.
//!
//! With fragments on, what the server sends at once comes in pieces that may part a revision; the last piece says so by not being a fragment. A
//! message's header tells the head of the store, not how far its events reach (contract E10 to E13).

use bytes::Bytes;

use crate::answer::Answer;
use crate::proto::{Event, KeyValue, WatchResponse, event::EventType};

/// All that one transaction did within the range.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Revision {
    pub(super) number: i64,
    pub(super) puts: Vec<KeyValue>,
    pub(super) deletes: Vec<Bytes>,
}

/// What a message says.
#[derive(Debug, PartialEq)]
pub(super) enum Told {
    /// These happened, in their order.
    Revisions(Vec<Revision>),
    /// Nothing else happened up to this revision.
    Progress(i64),
    Nothing,
    /// The history no longer reaches back to where the watch began.
    Compacted,
    Refused(Answer),
}

#[derive(Debug)]
pub(super) struct Assembler {
    /// Pieces of what is not whole yet.
    pieces: Vec<Event>,
    /// The last revision that came whole.
    last: i64,
}

impl Assembler {
    /// For a watch that begins after this revision.
    pub(super) const fn after(last: i64) -> Self {
        Self { pieces: Vec::new(), last }
    }

    pub(super) fn take(&mut self, response: WatchResponse) -> Told {
        // Before anything else: the header of such a message says nothing.
        if response.compact_revision > 0 {
            return Told::Compacted;
        }
        if response.canceled {
            return Told::Refused(refusal(&response.cancel_reason));
        }
        if response.events.is_empty() && !response.fragment && self.pieces.is_empty() {
            let head = response.header.map_or(0, |header| header.revision);
            return if response.created { Told::Nothing } else { self.progress(head) };
        }
        self.pieces.extend(response.events);
        if response.fragment { Told::Nothing } else { self.whole() }
    }

    fn progress(&mut self, head: i64) -> Told {
        self.last = self.last.max(head);
        Told::Progress(head)
    }

    fn whole(&mut self) -> Told {
        let mut revisions: Vec<Revision> = Vec::new();
        for event in self.pieces.drain(..) {
            let kind = event.r#type();
            let Some(found) = event.kv else { continue };
            let number = found.mod_revision;
            if number <= self.last {
                continue;
            }
            if revisions.last().is_none_or(|revision| revision.number != number) {
                revisions.push(Revision { number, ..Revision::default() });
            }
            if let Some(revision) = revisions.last_mut() {
                match kind {
                    EventType::Put => revision.puts.push(found),
                    EventType::Delete => revision.deletes.push(found.key),
                }
            }
        }
        self.last = revisions.last().map_or(self.last, |revision| revision.number);
        Told::Revisions(revisions)
    }
}

/// Why the server ended a watch, in its words.
fn refusal(reason: &str) -> Answer {
    let has = |part: &str| reason.contains(part);
    if has("invalid auth token") || has("auth store is old") {
        Answer::Token
    } else if has("permission denied") || has("user name is empty") {
        Answer::Denied(format!(
            "the server said `{reason}` of the watch; the user needs to read the kinds that are followed"
        ))
    } else if has("no leader") {
        Answer::NoLeader
    } else {
        Answer::Open(format!("the server ended the watch: {reason}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::ResponseHeader;

    fn put(revision: i64, key: &str) -> Event {
        let kv = KeyValue { key: key.to_owned().into(), mod_revision: revision, ..KeyValue::default() };
        Event { kv: Some(kv), ..Event::default() }
    }

    fn delete(revision: i64, key: &str) -> Event {
        Event { r#type: EventType::Delete.into(), ..put(revision, key) }
    }

    fn message(head: i64, events: Vec<Event>) -> WatchResponse {
        let header = Some(ResponseHeader { revision: head, ..ResponseHeader::default() });
        WatchResponse { header, events, ..WatchResponse::default() }
    }

    fn piece(events: Vec<Event>) -> WatchResponse {
        WatchResponse { fragment: true, ..message(9, events) }
    }

    fn shown(told: Told) -> Vec<(i64, Vec<String>)> {
        let Told::Revisions(revisions) = told else { panic!("{told:?}") };
        let text = |bytes: &Bytes| String::from_utf8(bytes.to_vec()).expect("text");
        let names = |revision: Revision| {
            let puts = revision.puts.iter().map(|put| text(&put.key));
            let deletes = revision.deletes.iter().map(|key| format!("-{}", text(key)));
            (revision.number, puts.chain(deletes).collect())
        };
        revisions.into_iter().map(names).collect()
    }

    /// contract F1, contract F4
    #[test]
    fn a_revision_that_comes_in_pieces_is_told_whole() {
        let mut assembler = Assembler::after(5);
        assert_eq!(assembler.take(piece(vec![put(6, "a"), put(7, "b")])), Told::Nothing);
        assert_eq!(assembler.take(piece(vec![put(7, "c")])), Told::Nothing);
        let told = shown(assembler.take(message(9, vec![delete(7, "d"), put(8, "e")])));
        let expected: [(i64, &[&str]); 3] = [(6, &["a"]), (7, &["b", "c", "-d"]), (8, &["e"])];
        assert_eq!(
            told,
            expected.map(|(number, names)| (number, names.iter().map(ToString::to_string).collect()))
        );
    }

    /// contract F4
    #[test]
    fn what_was_told_is_not_told_again() {
        let mut assembler = Assembler::after(5);
        assert_eq!(
            shown(assembler.take(message(9, vec![put(5, "a"), put(6, "b")]))),
            [(6, vec!["b".to_owned()])]
        );
        assert_eq!(shown(assembler.take(message(9, vec![put(6, "b")]))), []);
        assert_eq!(assembler.take(message(9, vec![])), Told::Progress(9));
        assert_eq!(
            shown(assembler.take(message(10, vec![put(9, "c"), put(10, "d")]))),
            [(10, vec!["d".to_owned()])]
        );
    }

    /// contract F3
    #[test]
    fn a_compacted_watch_is_known_before_its_header_is_read() {
        let compacted = WatchResponse { canceled: true, compact_revision: 115, ..message(0, vec![]) };
        assert_eq!(Assembler::after(5).take(compacted), Told::Compacted);
    }

    #[test]
    fn the_first_message_and_a_refusal_are_no_progress() {
        let created = WatchResponse { created: true, ..message(9, vec![]) };
        assert_eq!(Assembler::after(5).take(created), Told::Nothing);
        let refused = WatchResponse {
            created: true,
            canceled: true,
            cancel_reason: "etcdserver: permission denied".into(),
            ..message(9, vec![])
        };
        assert!(matches!(Assembler::after(5).take(refused), Told::Refused(Answer::Denied(_))));
    }
}
