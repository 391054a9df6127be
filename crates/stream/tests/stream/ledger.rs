//! A ledger: the simplest state that can be followed. Its commits and every state it was in are kept, so that what a subscriber holds can be held
//! against what there was.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use trimtab_seams::Seams;
use trimtab_stream::{
    Event, EventPublisher, Interest, Message, SubscribeRequest, Subscription, Topic, TopicSpec,
};

/// What a change sets; none deletes.
pub(crate) type Line = Event<Option<u64>>;

/// Topic and subject to value.
pub(crate) type Lines = BTreeMap<(String, String), u64>;

pub(crate) fn line(topic: &str, subject: &str, value: impl Into<Option<u64>>) -> Line {
    Event::new(topic, subject, value.into())
}

/// Commits and states by index.
#[derive(Default)]
struct Book {
    commits: BTreeMap<u64, Arc<[Line]>>,
    states: BTreeMap<u64, Arc<Lines>>,
}

#[derive(Clone)]
pub(crate) struct Ledger {
    book: Arc<Mutex<Book>>,
    pub(crate) publisher: EventPublisher<Line>,
}

impl Ledger {
    pub(crate) fn new(seams: &Seams) -> Self {
        let book = Arc::new(Mutex::new(Book::default()));
        let pinned = Arc::clone(&book);
        let publisher = EventPublisher::on_demand(seams, move |topic: &Topic| {
            let pinned = Arc::clone(&pinned);
            Some(TopicSpec::new(topic, move |request: &SubscribeRequest| snapshot(&pinned.lock(), request)))
        });
        Self { book, publisher }
    }

    /// Changes the state only: snapshots show it, nobody is told.
    pub(crate) fn apply(&self, changes: impl Into<Arc<[Line]>>) -> (u64, Arc<[Line]>) {
        let changes = changes.into();
        let mut book = self.book.lock();
        let (index, mut lines) = match book.states.last_key_value() {
            Some((index, lines)) => (index + 1, Lines::clone(lines)),
            None => (1, Lines::new()),
        };
        for change in changes.iter() {
            let key = (change.topic.to_string(), change.subject.to_string());
            match change.payload {
                Some(value) => drop(lines.insert(key, value)),
                None => drop(lines.remove(&key)),
            }
        }
        book.commits.insert(index, Arc::clone(&changes));
        book.states.insert(index, Arc::new(lines));
        (index, changes)
    }

    /// Changes the state, then tells.
    pub(crate) fn commit(&self, changes: impl Into<Arc<[Line]>>) -> u64 {
        let (index, changes) = self.apply(changes);
        self.publisher.publish(index, changes).unwrap();
        index
    }

    pub(crate) fn subscribe(&self, request: SubscribeRequest) -> Subscription<Line> {
        self.publisher.subscribe(request).unwrap()
    }

    /// What the request would hold at that index.
    pub(crate) fn held_at(&self, index: u64, request: &SubscribeRequest) -> Lines {
        let book = self.book.lock();
        let Some(lines) = book.states.get(&index) else { return Lines::new() };
        let wanted = lines.iter().filter(|((topic, subject), _)| wants(request, topic, subject));
        wanted.map(|(key, value)| (key.clone(), *value)).collect()
    }

    /// The next commit after `index` that has anything the request wants, and that part of it.
    pub(crate) fn next_after(&self, index: u64, request: &SubscribeRequest) -> Option<(u64, Vec<Line>)> {
        let book = self.book.lock();
        book.commits.range(index + 1..).find_map(|(&index, commit)| {
            let wanted = commit.iter().filter(|l| wants(request, l.topic.as_str(), l.subject.as_str()));
            let wanted: Vec<_> = wanted.cloned().collect();
            (!wanted.is_empty()).then_some((index, wanted))
        })
    }
}

fn snapshot(book: &Book, request: &SubscribeRequest) -> (u64, impl Iterator<Item = Line> + Send + use<>) {
    let last = book.states.last_key_value();
    let (index, lines) = last.map_or_else(Default::default, |(index, lines)| (*index, Arc::clone(lines)));
    let topic = request.topic().to_string();
    let keys: Vec<_> = lines.keys().filter(|(of, _)| *of == topic).cloned().collect();
    (index, keys.into_iter().map(move |key| line(&key.0, &key.1, lines[&key])))
}

fn wants(request: &SubscribeRequest, topic: &str, subject: &str) -> bool {
    let of_interest = match request.interest() {
        Interest::All => true,
        Interest::One(one) => one.as_str() == subject,
    };
    of_interest && request.topic().as_str() == topic
}

/// All that is there now.
pub(crate) fn drain(subscription: &mut Subscription<Line>) -> Vec<Message<Line>> {
    std::iter::from_fn(|| subscription.try_next().unwrap()).collect()
}

pub(crate) fn changes(index: u64, events: impl Into<Arc<[Line]>>) -> Message<Line> {
    Message::Changes { index, events: events.into() }
}
