//! A subscriber that holds what it is told and checks each step of it: no gap, no repeat, no step back.

use trimtab_stream::{Message, SubscribeError, SubscribeRequest, Subscription};

use crate::ledger::{Ledger, Line, Lines};

pub(crate) struct View {
    ledger: Ledger,
    request: SubscribeRequest,
    held: Lines,
    /// Up to which index `held` is true.
    index: u64,
    /// What came of the snapshot that is under way.
    arriving: Option<Lines>,
    fresh: bool,
}

impl View {
    pub(crate) fn new(ledger: &Ledger, request: SubscribeRequest) -> Self {
        Self {
            ledger: ledger.clone(),
            request,
            held: Lines::new(),
            index: 0,
            arriving: Some(Lines::new()),
            fresh: true,
        }
    }

    pub(crate) fn index(&self) -> u64 {
        self.index
    }

    /// Subscribes again where it stands.
    pub(crate) fn subscribe(&mut self) -> Result<Subscription<Line>, SubscribeError> {
        self.arriving = (self.index == 0).then(Lines::new);
        self.fresh = true;
        self.ledger.publisher.subscribe(self.request.clone().resume_at(self.index))
    }

    /// Forgets everything, as who was told that the topic was refreshed.
    pub(crate) fn forget(&mut self) {
        self.index = 0;
    }

    pub(crate) fn take(&mut self, message: Message<Line>) {
        let first = std::mem::replace(&mut self.fresh, false);
        match message {
            Message::NewSnapshotToFollow => {
                assert!(first && self.index > 0, "only who resumes is told so, and first of all");
                self.arriving = Some(Lines::new());
            }
            Message::EndOfSnapshot(index) => {
                self.held = self.arriving.take().expect("a snapshot must be under way to end");
                assert!(index >= self.index, "a view must not step back from {} to {index}", self.index);
                assert_eq!(self.held, self.ledger.held_at(index, &self.request), "snapshot at {index}");
                self.index = index;
            }
            Message::Changes { events, .. } if self.arriving.is_some() => {
                let arriving = self.arriving.as_mut().expect("it was just seen");
                put(arriving, &events);
            }
            Message::Changes { index, events } => {
                let next = self.ledger.next_after(self.index, &self.request);
                assert_eq!(Some((index, events.to_vec())), next, "after {}", self.index);
                put(&mut self.held, &events);
                assert_eq!(self.held, self.ledger.held_at(index, &self.request), "view at {index}");
                self.index = index;
            }
        }
    }

    /// Nothing that it wants is left to be told.
    pub(crate) fn is_whole(&self) -> bool {
        self.arriving.is_none() && self.ledger.next_after(self.index, &self.request).is_none()
    }
}

fn put(lines: &mut Lines, events: &[Line]) {
    for event in events {
        let key = (event.topic.to_string(), event.subject.to_string());
        match event.payload {
            Some(value) => drop(lines.insert(key, value)),
            None => drop(lines.remove(&key)),
        }
    }
}
