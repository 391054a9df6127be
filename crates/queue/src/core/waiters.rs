//! The workers that wait for a key.
//!
//! A semaphore or a notify keeps one permit and wakes by chains, or wakes too many. Here each waiting worker has a seat, and the two
//! counts that matter are known: who is parked, and who was woken and has not arrived. A parked worker is woken only while there
//! are more keys in line than workers on their way.

use std::collections::VecDeque;

#[derive(Debug)]
enum Seat<W> {
    Empty,
    Parked(W),
    Woken,
}

/// Generic over the waker, so that tests can count instead.
#[derive(Debug)]
pub(crate) struct Waiters<W> {
    seats: Vec<Seat<W>>,
    empty: Vec<usize>,
    /// Longest waiting first.
    parked: VecDeque<usize>,
    woken: usize,
}

impl<W> Waiters<W> {
    pub(crate) const fn new() -> Self {
        Self { seats: Vec::new(), empty: Vec::new(), parked: VecDeque::new(), woken: 0 }
    }

    pub(crate) fn parked(&self) -> usize {
        self.parked.len()
    }

    /// Workers that were woken and have not arrived.
    pub(crate) const fn woken(&self) -> usize {
        self.woken
    }

    #[cfg(test)]
    pub(crate) fn is_woken(&self, seat: usize) -> bool {
        matches!(self.seats[seat], Seat::Woken)
    }

    pub(crate) fn park(&mut self, waker: W) -> usize {
        let seat = self.empty.pop().unwrap_or_else(|| {
            self.seats.push(Seat::Empty);
            self.seats.len() - 1
        });
        self.seats[seat] = Seat::Parked(waker);
        self.parked.push_back(seat);
        seat
    }

    /// The worker is back, or gone: its seat is free. Gives its waker if it was not woken.
    pub(crate) fn leave(&mut self, seat: usize) -> Option<W> {
        self.empty.push(seat);
        match std::mem::replace(&mut self.seats[seat], Seat::Empty) {
            Seat::Parked(waker) => {
                self.parked.retain(|&other| other != seat);
                Some(waker)
            }
            Seat::Woken => {
                self.woken -= 1;
                None
            }
            Seat::Empty => unreachable!("a seat is left once"),
        }
    }

    /// The longest parked worker is on its way from now on; its waker is to be woken.
    pub(crate) fn wake_one(&mut self) -> Option<W> {
        let seat = self.parked.pop_front()?;
        self.woken += 1;
        match std::mem::replace(&mut self.seats[seat], Seat::Woken) {
            Seat::Parked(waker) => Some(waker),
            Seat::Empty | Seat::Woken => unreachable!("a parked seat holds a waker"),
        }
    }
}
