//! What a publisher's handles, its subscriptions and its tasks share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::{Mutex, MutexGuard};
use trimtab_seams::Seams;

use crate::bell::Bell;
use crate::channel::{Channel, Reader};
use crate::ring::Batch;
use crate::snapshot::Snapshot;
use crate::snapshot_watch::SnapshotWatch;
use crate::tokens::Tokens;
use crate::writer::{ChannelsOf, TopicsOf, Writer};
use crate::{
    History, Payload, PublishError, SubscribeError, SubscribeRequest, Token, Topic, TopicSpec, UnknownTopic,
};

/// Makes a topic of an open set.
pub(crate) type OnDemand<P> = Box<dyn Fn(&Topic) -> Option<TopicSpec<P>> + Send + Sync>;

/// The writer, locked, and what was found in its table.
type Locked<'a, P, Found> = (MutexGuard<'a, Writer<P>>, Found);

/// The writer's lock is taken before a channel's. Neither is held while a user's code runs.
pub(crate) struct Shared<P> {
    pub(crate) seams: Seams,
    pub(crate) bell: Arc<Bell>,
    pub(crate) watch: Arc<SnapshotWatch<P>>,
    pub(crate) shut: AtomicBool,
    tokens: Arc<Tokens>,
    writer: Mutex<Writer<P>>,
    on_demand: Option<OnDemand<P>>,
}

/// How a subscription begins.
pub(crate) struct Opening<P> {
    pub(crate) channel: Arc<Channel<P>>,
    pub(crate) reader: Reader,
    /// The reader stands where the subscriber asked to resume.
    pub(crate) resumed: bool,
}

/// A snapshot that is looked after by the watch.
pub(crate) struct OpenSnapshot<P> {
    pub(crate) index: u64,
    pub(crate) events: Arc<Snapshot<P>>,
    pub(crate) watched: u64,
    pub(crate) drawn: bool,
}

impl<P: Send + Sync + 'static> Shared<P> {
    pub(crate) fn new(
        seams: &Seams,
        topics: impl IntoIterator<Item = TopicSpec<P>>,
        on_demand: Option<OnDemand<P>>,
    ) -> Self {
        Self {
            seams: seams.clone(),
            bell: Arc::default(),
            watch: Arc::new(SnapshotWatch::new(seams.clone())),
            shut: AtomicBool::new(false),
            tokens: Arc::default(),
            writer: Mutex::new(Writer::new(topics)),
            on_demand,
        }
    }

    pub(crate) fn set_history(&self, bounds: History) {
        self.writer.lock().kept.set_bounds(bounds);
    }

    pub(crate) fn start_at(&self, index: u64) {
        self.writer.lock().start_at(index);
    }

    pub(crate) fn resumable_from(&self, index: u64) {
        self.writer.lock().resumable_from(index);
    }

    pub(crate) fn last(&self) -> u64 {
        self.writer.lock().last()
    }

    pub(crate) fn last_of(&self, topic: &Topic) -> u64 {
        let writer = self.writer.lock();
        writer.find(topic.as_str()).map_or(0, |channel| channel.last())
    }

    /// Makes a topic that is missing, if there can be one of this name.
    fn make(&self, topic: &str) -> Result<(), UnknownTopic> {
        let topic = Topic::from(topic);
        match self.on_demand.as_ref().and_then(|make| make(&topic)) {
            Some(spec) => {
                self.writer.lock().add(topic, spec);
                Ok(())
            }
            None => Err(UnknownTopic::new(topic, self.writer.lock().topics())),
        }
    }

    /// Locks the writer with the topic in its table.
    fn lock_with(&self, topic: &str) -> Result<Locked<'_, P, Arc<Channel<P>>>, UnknownTopic> {
        loop {
            let writer = self.writer.lock();
            if let Some(channel) = writer.find(topic) {
                return Ok((writer, channel));
            }
            drop(writer);
            self.make(topic)?;
        }
    }

    /// Takes a seat in a topic, and places the reader where the request says, if that can be.
    pub(crate) fn open(&self, request: &SubscribeRequest) -> Result<Opening<P>, SubscribeError> {
        if self.shut.load(Ordering::Acquire) {
            return Err(SubscribeError::ShuttingDown);
        }
        let token = request.token().map(|token| self.tokens.hold(token));
        let (writer, channel) = self.lock_with(request.topic().as_str())?;
        let mut reader = channel.sit(token);
        let index = request.index();
        let resumed = index > 0 && writer.may_resume_at(index) && channel.resume(&mut reader, index);
        Ok(Opening { channel, reader, resumed })
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
    pub(crate) fn leave(&self, channel: &Arc<Channel<P>>, reader: &Reader) {
        if channel.leave(reader) && self.on_demand.is_some() {
            self.writer.lock().retire(channel);
        }
    }

    pub(crate) fn refresh(&self, topic: &str) -> Result<(), UnknownTopic> {
        let (mut writer, channel) = self.lock_with(topic)?;
        let (let_go, wakes) = writer.refresh(&channel);
        drop(writer);
        drop(let_go);
        wakes.wake(&self.bell);
        Ok(())
    }

    pub(crate) fn reset(&self, index: u64) {
        let channels = self.writer.lock().reset(index);
        for (let_go, wakes) in channels {
            drop(let_go);
            wakes.wake(&self.bell);
        }
    }

    pub(crate) fn close_token(&self, token: &Token) {
        if self.tokens.close(token) {
            let wakes: Vec<_> = self.writer.lock().channels().map(Channel::wakes).collect();
            for wakes in wakes {
                wakes.wake(&self.bell);
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
        let (mut let_go, mut waiting) = (Vec::new(), Vec::new());
        {
            let mut writer = self.writer.lock();
            for channel in writer.channels() {
                let mut here = Vec::new();
                let_go.push(channel.shut(&mut here));
                waiting.append(&mut here);
            }
            writer.kept.forget_all();
        }
        drop(let_go);
        for armed in waiting {
            armed.waker.wake();
        }
    }
}

impl<P: Payload> Shared<P> {
    pub(crate) fn publish(&self, index: u64, events: Arc<[P]>) -> Result<(), PublishError> {
        let bytes = events.iter().map(Payload::bytes).sum();
        let (mut writer, channels) = self.lock_with_all(&events)?;
        if self.shut.load(Ordering::Acquire) {
            return Err(PublishError::ShuttingDown);
        }
        if index <= writer.last() {
            return Err(PublishError::IndexNotAbove { index, last: writer.last() });
        }
        writer.advance(index);
        let ChannelsOf { first: Some(first), others } = channels else { return Ok(()) };
        let (mixed, fresh) = (!others.is_empty(), 1 + others.len());

        // The events are freed with the last batch that holds them, the first topic's: that one carries their bytes.
        let mut other_wakes = Vec::new();
        for channel in others {
            let events = Arc::clone(&events);
            other_wakes.push(writer.push(channel, Batch { index, events, mixed, bytes: 0 }));
        }
        let wakes = writer.push(first, Batch { index, events, mixed, bytes });
        let mut let_go = writer.kept.evict(fresh);
        drop(writer);

        wakes.wake(&self.bell);
        for wakes in other_wakes {
            wakes.wake(&self.bell);
        }
        while let Some(batch) = let_go {
            drop(batch);
            let_go = self.writer.lock().kept.evict(fresh);
        }
        Ok(())
    }

    /// Locks the writer with all topics of the events in its table.
    fn lock_with_all(&self, events: &[P]) -> Result<Locked<'_, P, ChannelsOf<P>>, UnknownTopic> {
        let topics = TopicsOf::new(events);
        loop {
            let writer = self.writer.lock();
            match writer.find_all(&topics) {
                Ok(channels) => return Ok((writer, channels)),
                Err(missing) => {
                    drop(writer);
                    self.make(missing)?;
                }
            }
        }
    }
}
