//! What the last commits look like on the wire, made once for all watches.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use parking_lot::Mutex;
use trimtab_store::{Entry, EntryEvent, Position, SubscribeRequest};
use trimtab_stream::{Interest, Payload as _, Subject, Topic};

use super::Wanted;
use super::frame::{self, Piece};
use super::wanted::Seen;

/// Commits kept.
const COMMITS: usize = 256;
/// Bytes of entries in them, about as many as their texts have.
const BYTES: usize = 16 << 20;

/// The last commits, oldest first. A watch that is further behind makes its texts for itself.
#[derive(Default)]
pub(crate) struct Shelf(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    commits: BTreeMap<Slot, Arc<Told>>,
    bytes: usize,
}

/// Of the index, what a subscription of this kind was given.
type Slot = (u64, Topic, Option<Subject>);

/// The events of a commit that a subscription was given.
pub(crate) struct Told {
    position: Position,
    events: Arc<[EntryEvent]>,
    bytes: usize,
    pieces: OnceLock<Vec<Option<Piece>>>,
    whole: OnceLock<Option<Bytes>>,
}

impl Shelf {
    /// The commit as it was put there first. The store may have got another history in between, in which the same index is another commit: then it is this one.
    pub(crate) fn commit(
        &self,
        request: &SubscribeRequest,
        position: Position,
        events: Arc<[EntryEvent]>,
    ) -> Arc<Told> {
        let subject = match request.interest() {
            Interest::All => None,
            Interest::One(subject) => Some(subject.clone()),
        };
        let slot = (position.index.get(), request.topic().clone(), subject);
        let mut kept = self.0.lock();
        let same = |told: &&Arc<Told>| told.position == position && are_same(&told.events, &events);
        if let Some(told) = kept.commits.get(&slot).filter(same) {
            return Arc::clone(told);
        }
        let told = Arc::new(Told::new(position, events));
        kept.bytes += told.bytes;
        if let Some(replaced) = kept.commits.insert(slot, Arc::clone(&told)) {
            kept.bytes -= replaced.bytes;
        }
        let mut let_go = Vec::new();
        while kept.commits.len() > COMMITS || kept.bytes > BYTES {
            let Some((_, oldest)) = kept.commits.pop_first() else { break };
            kept.bytes -= oldest.bytes;
            let_go.push(oldest);
        }
        drop(kept);
        told
    }

    /// Forgets everything: the store has another history now, which may have other commits of the same indexes.
    pub(crate) fn clear(&self) {
        let forgotten = std::mem::take(&mut *self.0.lock());
        drop(forgotten);
    }
}

/// Whether these are the same entries, not equal ones: what is kept keeps them from lying elsewhere.
fn are_same(one: &[EntryEvent], other: &[EntryEvent]) -> bool {
    let of = |entry: &Option<Entry>| {
        entry.as_ref().map(|entry| (place(entry.spec_json()), entry.status_json().map(place)))
    };
    let same = |(one, other): (&EntryEvent, &EntryEvent)| {
        of(&one.old) == of(&other.old) && of(&one.new) == of(&other.new)
    };
    std::ptr::eq(one, other) || one.len() == other.len() && one.iter().zip(other).all(same)
}

const fn place(text: &str) -> *const str {
    text
}

impl Told {
    /// Of events that nobody else is told in this form.
    pub(crate) fn new(position: Position, events: Arc<[EntryEvent]>) -> Self {
        let bytes = events.iter().map(EntryEvent::bytes).sum();
        Self { position, events, bytes, pieces: OnceLock::new(), whole: OnceLock::new() }
    }

    /// What a watch is told of it; `None`: nothing.
    pub(crate) fn frame(&self, wanted: &Wanted) -> Option<Bytes> {
        let seen: Vec<Option<Seen>> = self.events.iter().map(|event| wanted.sees(event)).collect();
        if seen.iter().all(Option::is_none) {
            return None;
        }
        if seen.iter().all(|seen| *seen == Some(Seen::Whole)) {
            return self.whole.get_or_init(|| self.text(&seen)).clone();
        }
        self.text(&seen)
    }

    fn text(&self, seen: &[Option<Seen>]) -> Option<Bytes> {
        let pieces = self.pieces.get_or_init(|| self.events.iter().map(Piece::of).collect());
        let told = pieces.iter().zip(seen).filter_map(|(piece, seen)| piece.as_ref().zip(*seen));
        frame::change(self.position, told)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use trimtab_seams::virtual_time;
    use trimtab_store::{Draft, IntoWrites as _, Key, Memory, Store, TenancyPattern};

    use super::*;

    /// A watch that still tells the old history, and one that tells the new one, meet at one index.
    #[test]
    fn a_commit_of_another_history_is_not_taken_for_the_one_that_is_kept() {
        virtual_time::run(1, async |seams| {
            let mut positions = Vec::new();
            let mut told_of = async |port: u16| {
                let store = Store::builder(Memory::with_seams(&seams)).seams(&seams).open().await.unwrap();
                let draft = Draft::json("site", "blog", &json!({ "port": port }));
                positions.push(store.commit(draft.apply().into_writes()).await.unwrap().position());
                let new = store.entry(&Key::new("site", "blog")).unwrap();
                let index = positions[0].index;
                [EntryEvent { key: Key::new("site", "blog"), old: None, new, index }]
            };
            let (old, new) = (told_of(80).await, told_of(81).await);
            let shelf = Shelf::default();
            let wanted = Wanted {
                kind: "site".into(),
                name: None,
                tenancies: TenancyPattern::default(),
                selector: "".parse().unwrap(),
            };
            let text = |events: &[EntryEvent]| {
                let told = shelf.commit(&wanted.request(), positions[0], events.into());
                String::from_utf8(told.frame(&wanted).unwrap().to_vec()).unwrap()
            };
            assert!(text(&old).contains("\"port\":80"));
            assert!(text(&new).contains("\"port\":81"), "{}", text(&new));
            assert!(text(&old).contains("\"port\":80"));
            // What is the same is made once.
            let first = shelf.commit(&wanted.request(), positions[0], new.as_slice().into());
            assert!(Arc::ptr_eq(
                &first,
                &shelf.commit(&wanted.request(), positions[0], new.as_slice().into())
            ));
        });
    }
}
