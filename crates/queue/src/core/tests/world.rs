//! A queue, its model, a clock, and workers that are polled by hand.
//!
//! After every operation the two are compared and the wake-ups checked: whoever had to be woken was woken, and the alarm stands at the
//! earliest promise whenever somebody needs it. `finale` then lets everything happen that was promised.

use trimtab_seams::Instant;

use super::super::{Adding, Failed, Got, NEVER, State, Taken, Verdict, When};
use super::model::{End, Model};
use super::operation::{Key, Operation};
use crate::{Merge, Party, Priority};

/// Which adds it carries: one bit an operation.
#[derive(Default, Debug)]
pub(super) struct Bits(u64);

impl Merge for Bits {
    fn merge(&mut self, newer: Self) {
        self.0 |= newer.0;
    }
}

struct Claim {
    key: Key,
    data: Bits,
}

/// Workers that may wait at the same time.
const SEATS: usize = 2;

pub(super) struct World {
    state: State<Key, Bits, ()>,
    model: Model,
    ended: u8,
    now: u64,
    /// Seats that are waiting, longest first; not all of them are parked.
    waiting: Vec<usize>,
    /// How many wakers were woken whose workers have not arrived.
    woken: usize,
    claims: Vec<Claim>,
    alarm: Option<u64>,
    /// By key, the immediate adds that have not been handed out. Nothing but the end may drop them.
    owed: [u64; 8],
    /// The same for delayed adds and for what a repeated run carried: a cancel drops these.
    owed_later: [u64; 8],
    steps: u32,
    trash: Vec<(Key, Bits)>,
}

fn instant(ticks: u64) -> Instant {
    Instant::from_nanos(ticks)
}

/// Collisions must not matter: three keys share a hash.
fn hash(key: Key) -> u32 {
    u32::from(key / 3) << 26
}

/// Key 0 is alone, 1 and 2 are together, and so are all others.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "as a party is told of any item")]
fn party(key: &Key) -> u64 {
    u64::from(key.div_ceil(2).min(2))
}

impl World {
    pub(super) fn new() -> Self {
        Self::with(None)
    }

    /// One in which keys of one level take turns.
    pub(super) fn fair() -> Self {
        Self::with(Some(party))
    }

    fn with(party: Option<Party<Key>>) -> Self {
        Self {
            state: State::new(party),
            model: Model::new(party),
            ended: 0,
            now: 0,
            waiting: Vec::new(),
            woken: 0,
            claims: Vec::new(),
            alarm: None,
            owed: [0; 8],
            owed_later: [0; 8],
            steps: 0,
            trash: Vec::new(),
        }
    }

    fn failed(&self) -> Failed {
        Failed { error: "no".into(), now: instant(self.now) }
    }

    /// Does it, and checks everything. False when there was nothing to do it to.
    pub(super) fn step(&mut self, operation: Operation) -> bool {
        self.steps += 1;
        let bit = 1 << (self.steps % 64);
        match operation {
            Operation::Add(key, level) => self.add(key, bit, level),
            Operation::Defer(key, ticks) => self.promise(key, bit, ticks, false),
            Operation::AddFailed(key, ticks) => self.promise(key, bit, ticks, true),
            Operation::Reschedule(key, ticks) => {
                let at = self.now + ticks;
                self.state.reschedule(hash(key), key, instant(at), Some(instant(self.now)));
                if self.ended == 0 {
                    self.model.reschedule(key, at);
                }
            }
            Operation::Cancel(key) => {
                let (had, _) = self.state.core.cancel(hash(key), &key, Some(instant(self.now)));
                assert_eq!(had, self.model.cancel(key), "whether {key} was promised");
                self.owed_later[usize::from(key)] = 0;
            }
            Operation::Forget(key) => {
                let _freed = self.state.core.forget(hash(key), &key).freed;
                self.model.forget(key);
            }
            Operation::Get if self.waiting.len() == SEATS => return false,
            Operation::Get => self.get(),
            Operation::Arrive => {
                let Some(at) = self.arrived() else { return false };
                let seat = self.waiting.remove(at);
                assert!(self.state.leave(seat).is_none(), "a woken worker's waker is gone");
                self.woken -= 1;
                self.get();
            }
            Operation::DropGet => {
                if self.waiting.is_empty() {
                    return false;
                }
                let seat = self.waiting.remove(0);
                if self.state.leave(seat).is_none() {
                    self.woken -= 1;
                }
            }
            Operation::Done => return self.finish(|_, _| (None, End::Done)),
            Operation::After(ticks) => {
                let at = self.now + ticks;
                return self.finish(|_, _| (Some(Verdict::After(When::At(instant(at)))), End::After(at)));
            }
            Operation::Again(ticks) => {
                let at = self.now + ticks;
                return self.finish(|data, bits| {
                    (Some(Verdict::Again(When::At(instant(at)), data)), End::Again(at, bits))
                });
            }
            Operation::Retry(ticks) => {
                let (at, failed) = (self.now + ticks, self.failed());
                return self.finish(|data, bits| {
                    (Some(Verdict::Retry(When::At(instant(at)), data, failed)), End::Retry(at, bits))
                });
            }
            Operation::Fail => {
                let failed = self.failed();
                return self.finish(|_, _| (Some(Verdict::Failed(failed)), End::Fail));
            }
            Operation::Tick => self.now += 1,
            Operation::End => {
                match self.ended {
                    0 => self.state.drain(),
                    1 => self.state.shutdown(),
                    _ => return false,
                }
                self.ended += 1;
            }
        }
        self.check();
        true
    }

    fn add(&mut self, key: Key, bit: u64, level: Priority) {
        self.state.add_now(hash(key), key, Bits(bit), level, Some(instant(self.now)));
        if self.ended == 0 {
            self.model.add(key, level, bit);
            self.owed[usize::from(key)] |= bit;
        }
    }

    fn promise(&mut self, key: Key, bit: u64, ticks: u64, fails: bool) {
        let at = self.now + ticks;
        let when = if ticks == 0 { When::Now } else { When::At(instant(at)) };
        let failed = fails.then(|| self.failed());
        let (data, level) = (Bits(bit), Priority::Normal);
        let adding = Adding { hash: hash(key), item: key, data, when, level, failed };
        let (_, refused) = self.state.push(adding, Some(instant(self.now)));
        assert_eq!(refused.is_some(), self.ended > 0, "adds are taken until the end");
        if refused.is_some() {
            return;
        }
        if !fails {
            self.model.defer(key, at, bit);
            self.owed_later[usize::from(key)] |= bit;
        } else if ticks == 0 {
            self.model.add_failed(key, None, bit);
            self.owed[usize::from(key)] |= bit;
        } else {
            // An outcome overwrites a backoff, also one that an add asked for: nothing is owed.
            self.model.add_failed(key, Some(at), bit);
        }
    }

    fn is_shut(&self) -> bool {
        self.state.is_shut()
    }

    fn arrived(&self) -> Option<usize> {
        (0..self.waiting.len()).find(|&at| self.state.waiters.is_woken(self.waiting[at]))
    }

    /// A worker asks.
    fn get(&mut self) {
        let was_shut = self.is_shut();
        let got = self.state.take(Some(instant(self.now)));
        if !was_shut && self.ended == 0 {
            self.model.advance(self.now);
        }
        let expected = if was_shut { None } else { self.model.take(self.now) };
        match got {
            Got::Key(Taken { item: key, data, failures, .. }) => {
                assert_eq!(Some((key, failures, data.0)), expected, "the key that is handed out");
                assert!(self.claims.iter().all(|claim| claim.key != key), "{key} is handed out twice");
                self.owed[usize::from(key)] &= !data.0;
                self.owed_later[usize::from(key)] &= !data.0;
                self.claims.push(Claim { key, data });
            }
            Got::Wait => {
                assert_eq!(expected, None, "nothing is handed out");
                self.waiting.push(self.state.park(()));
            }
            Got::Closed => {
                assert_eq!(expected, None, "nothing is handed out after the end");
                assert!(self.is_shut());
            }
        }
    }

    fn finish(&mut self, verdict: impl FnOnce(Bits, u64) -> (Option<Verdict<Bits>>, End)) -> bool {
        if self.claims.is_empty() {
            return false;
        }
        let Claim { key, data } = self.claims.remove(0);
        let bits = data.0;
        assert_eq!(self.state.is_superseded(hash(key), &key), self.model.is_queued_again(key));
        let (verdict, end) = verdict(data, bits);
        if matches!(end, End::Again(..) | End::Retry(..)) {
            self.owed_later[usize::from(key)] |= bits;
        }
        let _freed = self.state.finish(hash(key), &key, verdict, Some(instant(self.now))).freed;
        self.model.finish(key, end);
        self.check();
        true
    }

    /// Wakes and alarms as the shell does, then compares.
    fn check(&mut self) {
        if self.is_shut() {
            while self.state.discard(&mut self.trash) {}
            self.trash.clear();
            self.model.discard();
        }
        loop {
            while self.state.next_wake().is_some() {
                self.woken += 1;
            }
            if let Some(due) = self.state.arm() {
                self.alarm = Some(due.as_nanos()).filter(|_| due != NEVER);
            }
            if self.alarm.is_none_or(|due| due > self.now) {
                break;
            }
            self.alarm = None;
            self.state.ring();
        }
        let mut counters = self.state.core.counters();
        (counters.adds, counters.merged, counters.handed_out) = (0, 0, 0);
        (counters.retries, counters.terminal_failures) = (0, 0);
        assert_eq!(counters, self.model.counters());
        assert_eq!(self.state.core.ready(), self.model.ready());
        let due = self.state.core.next_due();
        assert_eq!(Some(due).filter(|&due| due != NEVER).map(Instant::as_nanos), self.model.next_due());
        self.check_wakes(due);
    }

    fn check_wakes(&self, due: Instant) {
        let (parked, woken) = (self.state.waiters.parked(), self.state.waiters.woken());
        assert_eq!(woken, self.woken, "who is counted as woken was woken");
        assert_eq!(parked + woken, self.waiting.len());
        if parked == 0 {
            return;
        }
        assert!(!self.is_shut(), "somebody sleeps after the end");
        assert!(woken >= self.model.ready(), "somebody sleeps while a key is in line");
        if woken == 0 && self.ended == 0 && due != NEVER {
            assert!(due > instant(self.now), "somebody sleeps while a key is due");
            assert_eq!(self.alarm, Some(due.as_nanos()), "the alarm stands at the earliest promise");
            assert_eq!(self.state.armed, due);
        }
    }

    /// Everything that was promised happens: then nothing is owed, nothing is left but what failed for good.
    pub(super) fn finale(&mut self) {
        while self.step(Operation::Done) {}
        while self.arrived().is_some() {
            self.step(Operation::Arrive);
            while self.step(Operation::Done) {}
        }
        while self.step(Operation::DropGet) {}
        while !self.is_shut()
            && (self.model.ready() > 0 || self.ended == 0 && self.model.next_due().is_some())
        {
            self.now = self.now.max(self.model.next_due().filter(|_| self.model.ready() == 0).unwrap_or(0));
            self.step(Operation::Get);
            self.step(Operation::Done);
        }
        let left = self.state.core.counters();
        assert_eq!((left.ready, left.running), (0, 0));
        if self.ended == 0 {
            assert_eq!(left.deferred, 0);
            assert_eq!((self.owed, self.owed_later), ([0; 8], [0; 8]), "an add was lost");
        }
    }
}
