//! Who waits on a topic.
//!
//! Every subscription has a seat for its whole life; when it waits, its waker is armed. Armed wakers lie densely, so the writer can see how many
//! there are and take a few, or leave all to the bell, in constant time. A seat remembers where its waker lies, so that a dropped
//! subscription takes it along (behaviour S10). Plain data under the channel's lock.

use std::task::Waker;

/// So many waiters the writer wakes itself; more are left to the bell.
pub(crate) const FEW: usize = 4;

/// The wakers that the writer wakes itself.
pub(crate) type Few = [Option<Waker>; FEW];

pub(crate) struct Armed {
    seat: usize,
    pub(crate) waker: Waker,
}

/// Where the waker of a seat lies, if it was armed in this round.
#[derive(Clone, Copy)]
struct Place {
    round: u64,
    at: usize,
}

#[derive(Default)]
pub(crate) struct Waiters {
    armed: Vec<Armed>,
    seats: Vec<Place>,
    free: Vec<usize>,
    /// Counts the times all were taken.
    round: u64,
    /// The bell was rung and has not taken yet.
    pub(crate) rung: bool,
}

impl Waiters {
    /// Takes a seat.
    pub(crate) fn sit(&mut self) -> usize {
        self.free.pop().unwrap_or_else(|| {
            self.seats.push(Place { round: u64::MAX, at: 0 });
            self.seats.len() - 1
        })
    }

    /// Gives the seat back, and the waker with it. To be dropped outside of the lock.
    pub(crate) fn leave(&mut self, seat: usize) -> Option<Waker> {
        let waker = self.place(seat).map(|at| {
            let left = self.armed.swap_remove(at);
            if let Some(moved) = self.armed.get(at) {
                self.seats[moved.seat].at = at;
            }
            left.waker
        });
        self.seats[seat].round = u64::MAX;
        self.free.push(seat);
        if self.free.len() == self.seats.len() {
            *self = Self { round: self.round, rung: self.rung, ..Self::default() };
        }
        waker
    }

    /// Arms the seat's waker; gives the one it replaces. To be dropped outside of the lock.
    pub(crate) fn arm(&mut self, seat: usize, waker: &Waker) -> Option<Waker> {
        if let Some(at) = self.place(seat) {
            let old = &mut self.armed[at].waker;
            return (!old.will_wake(waker)).then(|| std::mem::replace(old, waker.clone()));
        }
        self.seats[seat] = Place { round: self.round, at: self.armed.len() };
        self.armed.push(Armed { seat, waker: waker.clone() });
        None
    }

    /// Nobody has a seat.
    pub(crate) fn is_empty(&self) -> bool {
        self.seats.is_empty()
    }

    pub(crate) fn armed(&self) -> usize {
        self.armed.len()
    }

    /// Takes all wakers, of which there are at most [`FEW`].
    pub(crate) fn take_few(&mut self) -> Few {
        let few = std::array::from_fn(|_| self.armed.pop().map(|armed| armed.waker));
        debug_assert!(self.armed.is_empty(), "more than a few waiters are the bell's");
        self.round += 1;
        few
    }

    /// Exchanges all wakers for an empty list.
    pub(crate) fn take_all(&mut self, spare: &mut Vec<Armed>) {
        debug_assert!(spare.is_empty(), "wakers that were taken are woken before more are taken");
        std::mem::swap(&mut self.armed, spare);
        self.round += 1;
        self.rung = false;
    }

    fn place(&self, seat: usize) -> Option<usize> {
        let place = self.seats[seat];
        (place.round == self.round).then_some(place.at)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use trimtab_seams::{Random, Seeded};

    use super::*;

    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// behaviour S10
    #[test]
    fn whatever_the_order_of_arming_leaving_and_taking_each_waker_is_where_its_seat_says() {
        let random = Seeded::new(11);
        let below = |bound: usize| usize::try_from(random.next_u64() % bound as u64).unwrap();
        let mut waiters = Waiters::default();
        let mut seated: Vec<(usize, Arc<Count>, bool)> = Vec::new();
        for _ in 0..20_000 {
            match below(8) {
                0 | 1 => seated.push((waiters.sit(), Arc::new(Count(AtomicUsize::new(0))), false)),
                2..5 if !seated.is_empty() => {
                    let any = below(seated.len());
                    let (seat, count, armed) = &mut seated[any];
                    assert!(waiters.arm(*seat, &Waker::from(Arc::clone(count))).is_none());
                    *armed = true;
                }
                5 | 6 if !seated.is_empty() => {
                    let any = below(seated.len());
                    let (seat, count, armed) = seated.swap_remove(any);
                    let waker = waiters.leave(seat);
                    assert_eq!(waker.is_some(), armed);
                    drop(waker);
                    assert_eq!(Arc::strong_count(&count), 1, "nothing of it is left");
                }
                _ => {
                    let mut taken = Vec::new();
                    waiters.take_all(&mut taken);
                    for armed in taken {
                        armed.waker.wake();
                    }
                    for (_, count, armed) in &mut seated {
                        assert_eq!(count.0.swap(0, Ordering::Relaxed), usize::from(*armed));
                        *armed = false;
                    }
                }
            }
            assert_eq!(waiters.armed(), seated.iter().filter(|(_, _, armed)| *armed).count());
        }
        assert!(seated.len() > 10);
        for (seat, _, _) in seated {
            drop(waiters.leave(seat));
        }
        assert_eq!(waiters.seats.capacity(), 0, "the last one out gives the memory back");
    }
}
