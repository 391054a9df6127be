//! All that the shell keeps under its lock: the keys, the waiting workers, the shutdown.
//!
//! Every operation here is a plain call that may leave wakers to be woken. The shell calls one, then [`State::next_wake`] until there
//! is none, and wakes outside the lock. So "was anybody woken who had to be" is a question about data, and tests can ask it
//! after every step.

use trimtab_seams::Instant;

use super::record::NEVER;
use super::rules::{Adding, Core, Finished, Taken, Verdict};
use super::waiters::Waiters;
use crate::{Merge, Party, Priority};

/// Promised keys put in line per lock hold: about a tenth of a millisecond.
const ADVANCE_AT_ONCE: usize = 256;
/// Keys dropped per lock hold at the end.
const DISCARD_AT_ONCE: usize = 256;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    Open,
    /// No adds; what is in line is handed out, and who runs may come home.
    Draining,
    /// No adds, no hand-outs.
    Shut,
}

/// What a worker gets when it asks.
#[derive(Debug)]
pub(crate) enum Got<T, D> {
    Key(Taken<T, D>),
    /// Nothing yet: to be parked.
    Wait,
    /// Nothing ever.
    Closed,
}

/// Generic over the waker, so that tests can count instead.
#[derive(Debug)]
pub(crate) struct State<T, D, W> {
    pub(crate) core: Core<T, D>,
    pub(super) waiters: Waiters<W>,
    phase: Phase,
    /// When the alarm will ring; `NEVER` when it is not set.
    pub(super) armed: Instant,
    /// Who waits for the end of the drain.
    drainers: Vec<W>,
    /// Who waits to hear that a running key, by its slot, was added again.
    watchers: Vec<(u32, W)>,
    /// Wakers to be woken outside the lock.
    outbox: Vec<W>,
}

impl<T: Clone + Eq, D: Merge, W> State<T, D, W> {
    pub(crate) fn new(party: Option<Party<T>>) -> Self {
        Self {
            core: Core::new(party),
            waiters: Waiters::new(),
            phase: Phase::Open,
            armed: NEVER,
            drainers: Vec::new(),
            watchers: Vec::new(),
            outbox: Vec::new(),
        }
    }

    /// Takes an add for now. Gives back the item that is not needed, to be dropped outside the lock.
    pub(crate) fn add_now(
        &mut self,
        hash: u32,
        item: T,
        data: D,
        level: Priority,
        now: Option<Instant>,
    ) -> Option<T> {
        if self.phase != Phase::Open {
            return Some(item);
        }
        let not_needed = self.core.add_now(hash, item, data, level, now);
        self.tell_watchers();
        not_needed
    }

    /// Takes an add. Gives back what is not needed, to be dropped outside the lock.
    pub(crate) fn push(
        &mut self,
        add: Adding<T, D>,
        now: Option<Instant>,
    ) -> (Option<T>, Option<Adding<T, D>>) {
        if self.phase != Phase::Open {
            return (None, Some(add));
        }
        let not_needed = self.core.add(add, now);
        self.tell_watchers();
        (not_needed, None)
    }

    pub(crate) fn reschedule(&mut self, hash: u32, item: T, at: Instant, now: Option<Instant>) -> Option<T> {
        if self.phase != Phase::Open {
            return Some(item);
        }
        self.core.reschedule(hash, item, at, now)
    }

    /// Asks for a key. `now` may be unknown while nothing is promised.
    pub(crate) fn take(&mut self, now: Option<Instant>) -> Got<T, D> {
        match (self.phase, now) {
            (Phase::Shut, _) => return Got::Closed,
            (Phase::Open, Some(now)) => {
                if self.core.next_due() <= now {
                    self.core.advance(now, ADVANCE_AT_ONCE);
                    self.tell_watchers();
                }
            }
            (Phase::Open, None) | (Phase::Draining, _) => {}
        }
        match self.core.take(now) {
            Some(taken) => Got::Key(taken),
            None if self.end_of_drain() => Got::Closed,
            None => Got::Wait,
        }
    }

    /// The worker waits from now on. Gives its seat.
    pub(crate) fn park(&mut self, waker: W) -> usize {
        self.waiters.park(waker)
    }

    /// The worker is back, or gone. Gives its waker if it was not woken.
    pub(crate) fn leave(&mut self, seat: usize) -> Option<W> {
        self.waiters.leave(seat)
    }

    /// Ends a run; `None` as a success.
    pub(crate) fn finish(
        &mut self,
        hash: u32,
        item: &T,
        verdict: Option<Verdict<D>>,
        now: Option<Instant>,
    ) -> Finished<T> {
        if !self.watchers.is_empty() {
            // The claim is consumed, so nobody waits with these any more; they are only to be dropped outside the lock.
            let slot = self.core.find(hash, item);
            let gone = self.watchers.extract_if(.., |(watched, _)| Some(*watched) == slot);
            self.outbox.extend(gone.map(|(_, waker)| waker));
        }
        let finished = match verdict {
            None => self.core.done(hash, item, now),
            Some(verdict) => self.core.finish(hash, item, verdict, now),
        };
        self.end_of_drain();
        finished
    }

    /// Whether a running key was added again.
    pub(crate) fn is_superseded(&self, hash: u32, item: &T) -> bool {
        self.core.find(hash, item).is_some_and(|slot| self.core.slab[slot].queued_again)
    }

    /// Keeps a waker for when a running key is added again, unless it was already, or `same` knows one that is kept.
    pub(crate) fn watch(&mut self, hash: u32, item: &T, waker: W, same: impl Fn(&W) -> bool) -> Option<W> {
        let Some(slot) = self.core.find(hash, item) else { return Some(waker) };
        if self.watchers.iter().any(|(watched, kept)| *watched == slot && same(kept)) {
            return Some(waker);
        }
        self.core.slab[slot].watched = true;
        self.watchers.push((slot, waker));
        None
    }

    fn tell_watchers(&mut self) {
        if !self.core.superseded.is_empty() {
            self.tell_them();
        }
    }

    #[cold]
    fn tell_them(&mut self) {
        while let Some(slot) = self.core.superseded.pop() {
            let told = self.watchers.extract_if(.., |(watched, _)| *watched == slot);
            self.outbox.extend(told.map(|(_, waker)| waker));
        }
    }

    /// Whether nobody is to be woken and no alarm to be set, at one look.
    pub(crate) fn is_quiet(&self) -> bool {
        self.waiters.parked() == 0 && self.outbox.is_empty()
    }

    /// The next waker to be woken outside the lock, and whether more may follow. A parked worker is woken only while there
    /// are more keys in line than workers on their way.
    pub(crate) fn next_wake(&mut self) -> Option<(W, bool)> {
        let waker = self.outbox.pop().or_else(|| {
            let wanted = self.core.ready() > self.waiters.woken();
            wanted.then(|| self.waiters.wake_one()).flatten()
        })?;
        let more =
            !self.outbox.is_empty() || self.waiters.parked() > 0 && self.core.ready() > self.waiters.woken();
        Some((waker, more))
    }

    /// When the alarm should ring: at the earliest promise. `None`: it does not matter, for nobody is parked, or a worker is on its
    /// way who looks at the clock by himself. An alarm that rings for nobody costs less than stopping it each time.
    fn alarm_due(&self) -> Option<Instant> {
        let matters = self.waiters.parked() > 0 && self.waiters.woken() == 0;
        matters.then(|| if self.phase == Phase::Open { self.core.next_due() } else { NEVER })
    }

    /// Whether the alarm is to be set anew.
    pub(crate) fn alarm_is_wrong(&self) -> bool {
        self.alarm_due().is_some_and(|due| due != self.armed)
    }

    /// Notes that the alarm is set anew, and says for when. `None`: it is right as it is.
    pub(crate) fn arm(&mut self) -> Option<Instant> {
        let due = self.alarm_due().filter(|&due| due != self.armed)?;
        self.armed = due;
        Some(due)
    }

    /// The alarm rang: a parked worker is to look at the clock, unless one is on his way anyhow.
    pub(crate) fn ring(&mut self) {
        self.armed = NEVER;
        if self.waiters.woken() == 0 {
            self.outbox.extend(self.waiters.wake_one());
        }
    }

    pub(crate) fn is_shut(&self) -> bool {
        self.phase == Phase::Shut
    }

    /// Whether adds are taken.
    pub(crate) fn is_open(&self) -> bool {
        self.phase == Phase::Open
    }

    /// Ends intake and hand-outs. All who wait are to be woken.
    pub(crate) fn shutdown(&mut self) {
        self.phase = Phase::Shut;
        while let Some(waker) = self.waiters.wake_one() {
            self.outbox.push(waker);
        }
        self.outbox.append(&mut self.drainers);
    }

    /// Ends the intake; hand-outs go on until nothing is in line and nobody runs.
    pub(crate) fn drain(&mut self) {
        if self.phase == Phase::Open {
            self.phase = Phase::Draining;
        }
        self.end_of_drain();
    }

    fn end_of_drain(&mut self) -> bool {
        let end = self.phase == Phase::Draining && self.core.ready() == 0 && self.core.running() == 0;
        if end {
            self.shutdown();
        }
        end
    }

    /// Keeps a waker for the end of the drain, unless `same` knows one that is kept.
    pub(crate) fn await_drain(&mut self, waker: W, same: impl Fn(&W) -> bool) -> Option<W> {
        if self.drainers.iter().any(same) {
            return Some(waker);
        }
        self.drainers.push(waker);
        None
    }

    /// After the shutdown: some of what is still in line or promised, to be dropped outside the lock. False when that was all.
    pub(crate) fn discard(&mut self, trash: &mut Vec<(T, D)>) -> bool {
        self.phase == Phase::Shut && (0..DISCARD_AT_ONCE).all(|_| self.core.discard_one(trash))
    }
}
