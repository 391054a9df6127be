//! What a publisher's handles, its subscriptions and its tasks share.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Waker;

use parking_lot::{Mutex, MutexGuard};
use trimtab_seams::Seams;

use crate::bell::{Bell, Waits};
use crate::channel::{Channel, Reader, Wakes};
use crate::history::Kept;
use crate::ring::{Batch, overhead};
use crate::snapshot::Snapshot;
use crate::snapshot_watch::SnapshotWatch;
use crate::tokens::Tokens;
use crate::topics::{Topics, Touched};
use crate::{Payload, PublishError, SubscribeError, SubscribeRequest, Token, UnknownTopic};

/// Locks are taken in the order writer, table of topics, channel. None is held while a user's code runs.
pub(crate) struct Shared<P> {
    pub(crate) seams: Seams,
    pub(crate) topics: Topics<P>,
    pub(crate) bell: Arc<Bell>,
    pub(crate) watch: Arc<SnapshotWatch<P>>,
    pub(crate) shut: AtomicBool,
    tokens: Arc<Tokens>,
    /// Held by who changes the history.
    writer: Mutex<Kept<P>>,
    /// The last index published; 0 before the first.
    last: AtomicU64,
    /// The least index that may be resumed at; [`UNKNOWN`] before the first publish, for what was before is not known here.
    start: AtomicU64,
}

const UNKNOWN: u64 = u64::MAX;

/// How a subscription begins.
pub(crate) struct Opening<P> {
    pub(crate) channel: Arc<Channel<P>>,
    pub(crate) reader: Reader,
    /// The subscriber asked to resume, which cannot be.
    pub(crate) stale: bool,
}

/// A snapshot that is looked after by the watch.
pub(crate) struct OpenSnapshot<P> {
    pub(crate) index: u64,
    pub(crate) events: Arc<Snapshot<P>>,
    pub(crate) watched: u64,
    pub(crate) drawn: bool,
}

impl<P: Send + Sync + 'static> Shared<P> {
    pub(crate) fn new(seams: &Seams, topics: Topics<P>) -> Self {
        Self {
            seams: seams.clone(),
            topics,
            bell: Arc::default(),
            watch: Arc::new(SnapshotWatch::new(seams.clone())),
            shut: AtomicBool::new(false),
            tokens: Arc::default(),
            writer: Mutex::new(Kept::new()),
            last: AtomicU64::new(0),
            start: AtomicU64::new(UNKNOWN),
        }
    }

    pub(crate) fn writer(&self) -> MutexGuard<'_, Kept<P>> {
        self.writer.lock()
    }

    pub(crate) fn last(&self) -> u64 {
        self.last.load(Ordering::Acquire)
    }

    pub(crate) fn start_at(&self, index: u64) {
        let _writer = self.writer.lock();
        self.last.store(index, Ordering::Release);
        self.start.store(index, Ordering::Release);
    }

    /// Joins a topic and places a reader in it, with a snapshot before it if need be.
    pub(crate) fn open(&self, request: &SubscribeRequest) -> Result<Opening<P>, SubscribeError> {
        if self.shut.load(Ordering::Acquire) {
            return Err(SubscribeError::ShuttingDown);
        }
        let channel = self.topics.join(request.topic().as_str())?;
        let token = request.token().map(|token| self.tokens.hold(token));
        let mut reader = channel.sit(token);
        let index = request.index();
        let known = self.start.load(Ordering::Acquire)..=self.last();
        let resumed = index > 0 && known.contains(&index) && channel.resume(&mut reader, index);
        Ok(Opening { channel, reader, stale: index > 0 && !resumed })
    }

    /// Takes the snapshot and places the reader behind it. Should the history not reach back to the snapshot, the reader finds itself lagged.
    pub(crate) fn take_snapshot(
        &self,
        channel: &Channel<P>,
        reader: &mut Reader,
        request: &SubscribeRequest,
    ) -> OpenSnapshot<P> {
        let (index, events) = (channel.snapshot)(request);
        channel.seek(reader, index);
        let events = Arc::new(Snapshot::new(events, self.seams.now()));
        let watched = self.watch.add(&events);
        OpenSnapshot { index, events, watched, drawn: false }
    }

    /// Gives back what a subscription held of the topic.
    pub(crate) fn leave(&self, channel: &Channel<P>, reader: &Reader) {
        channel.leave(reader);
        if self.topics.part(channel) {
            let _writer = self.writer.lock();
            self.topics.retire(channel);
        }
    }

    pub(crate) fn refresh(&self, topic: &str) -> Result<(), UnknownTopic> {
        loop {
            let channel = self.topics.find(topic)?;
            let mut writer = self.writer.lock();
            if channel.is_retired() {
                continue;
            }
            let (batches, wakes) = channel.refresh(self.last());
            writer.forget(&channel, batches.iter().map(|batch| batch.bytes).sum());
            drop(writer);
            self.wake(&channel, wakes);
            return Ok(());
        }
    }

    pub(crate) fn reset(&self, index: u64) {
        let mut let_go: Vec<VecDeque<Batch<P>>> = Vec::new();
        let mut woken = Vec::new();
        {
            let mut writer = self.writer.lock();
            self.last.store(index, Ordering::Release);
            self.start.store(index.saturating_add(1), Ordering::Release);
            for channel in self.topics.all() {
                let (batches, wakes) = channel.restart();
                let_go.push(batches);
                woken.push((channel, wakes));
            }
            writer.forget_all();
        }
        drop(let_go);
        for (channel, wakes) in woken {
            self.wake(&channel, wakes);
        }
    }

    pub(crate) fn close_token(&self, token: &Token) {
        if self.tokens.close(token) {
            for channel in self.topics.all() {
                let wakes = channel.wakes();
                self.wake(&channel, wakes);
            }
        }
    }

    /// Closes everything, lets the history go, ends the tasks. Wakes all who wait by itself: nobody publishes any more.
    pub(crate) fn shut_down(&self) {
        if self.shut.swap(true, Ordering::AcqRel) {
            return;
        }
        self.bell.close();
        self.watch.close();
        let mut let_go = Vec::new();
        let mut waiting = Vec::new();
        {
            let mut writer = self.writer.lock();
            for channel in self.topics.all() {
                let mut here = Vec::new();
                let_go.push(channel.shut(&mut here));
                waiting.append(&mut here);
            }
            writer.forget_all();
        }
        drop(let_go);
        for armed in waiting {
            armed.waker.wake();
        }
    }

    fn wake(&self, channel: &Arc<Channel<P>>, wakes: Wakes) {
        match wakes {
            Wakes::Few(few) => few.into_iter().flatten().for_each(Waker::wake),
            Wakes::Crowd => self.bell.ring(Arc::clone(channel) as Arc<dyn Waits>),
        }
    }
}

impl<P: Payload> Shared<P> {
    pub(crate) fn publish(&self, index: u64, events: &Arc<[P]>) -> Result<(), PublishError> {
        let bytes = events.iter().map(Payload::bytes).sum();
        loop {
            let touched = self.topics.touched(events)?;
            let writer = self.writer.lock();
            if self.shut.load(Ordering::Acquire) {
                return Err(PublishError::ShuttingDown);
            }
            let last = self.last();
            if index <= last {
                return Err(PublishError::IndexNotAbove { index, last });
            }
            if touched.iter().any(|channel| channel.is_retired()) {
                continue;
            }
            if self.start.load(Ordering::Acquire) == UNKNOWN {
                self.start.store(index - 1, Ordering::Release);
            }
            self.last.store(index, Ordering::Release);
            self.push(writer, touched, index, events, bytes);
            return Ok(());
        }
    }

    fn push(
        &self,
        mut writer: MutexGuard<'_, Kept<P>>,
        touched: Touched<P>,
        index: u64,
        events: &Arc<[P]>,
        bytes: usize,
    ) {
        let Touched { first: Some(first), others } = touched else { return };
        let mixed = !others.is_empty();
        let mut push = |channel: &Arc<Channel<P>>, bytes| {
            let bytes = bytes + overhead::<P>();
            writer.note(channel, bytes);
            channel.push(Batch { index, events: Arc::clone(events), mixed, bytes })
        };
        // The events are freed with the last batch that holds them: that one carries their bytes.
        let wakes = push(&first, if mixed { 0 } else { bytes });
        let last_other = others.len().saturating_sub(1);
        let other_wakes: Vec<_> = others
            .iter()
            .enumerate()
            .map(|(nth, channel)| push(channel, if nth == last_other { bytes } else { 0 }))
            .collect();
        let fresh = 1 + others.len();
        let mut let_go = writer.evict(fresh);
        drop(writer);
        self.wake(&first, wakes);
        for (channel, wakes) in others.iter().zip(other_wakes) {
            self.wake(channel, wakes);
        }
        while let Some(batch) = let_go {
            drop(batch);
            let_go = self.writer.lock().evict(fresh);
        }
    }
}
