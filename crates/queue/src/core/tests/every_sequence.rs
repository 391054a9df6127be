//! Every sequence of seven operations on three keys, beside the model; of six where keys take turns.
//!
//! Three alphabets of fourteen operations. Key symmetry: the first key of a sequence is always 0, the next new one 1, then 2; sequences that
//! differ only by names are one. An operation that has nothing to act on (an outcome without a claim) is skipped: its sequence is a
//! shorter one, which is tried too.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::operation::Operation::{self, *};
use super::world::World;
use crate::Priority::{High, Low, Normal};

/// A way to try all sequences.
#[derive(Clone, Copy)]
struct Play {
    alphabet: [Operation; 14],
    /// Whether the alphabet treats all keys alike.
    symmetric: bool,
    length: usize,
    world: fn() -> World,
}

/// Who is handed what, who is woken, and how it ends.
const DELIVERY: [Operation; 14] = [
    Add(0, Normal),
    Add(1, Normal),
    Add(2, Normal),
    Defer(0, 2),
    Defer(1, 2),
    Defer(2, 2),
    Get,
    Arrive,
    DropGet,
    Done,
    After(1),
    Retry(1),
    Tick,
    End,
];

/// What is promised, raised, moved, taken back and forgotten.
const PROMISES: [Operation; 14] = [
    Add(0, Low),
    Add(1, High),
    Add(2, Low),
    Defer(0, 2),
    Reschedule(0, 1),
    Reschedule(1, 2),
    Cancel(0),
    Forget(0),
    AddFailed(0, 1),
    Get,
    Done,
    Again(1),
    Fail,
    Tick,
];

/// Whose turn it is, as keys come, go, and are raised.
const TURNS: [Operation; 14] = [
    Add(0, Normal),
    Add(1, Normal),
    Add(2, Normal),
    Add(0, High),
    Add(1, High),
    Add(2, Low),
    Add(3, Normal),
    Defer(1, 1),
    Get,
    Done,
    Again(0),
    Tick,
    DropGet,
    End,
];

impl Play {
    /// Whether an operation may follow, given how many keys were named; and how many are then. Keys are interchangeable only where the alphabet treats them alike.
    fn follows(&self, named: u8, place: usize) -> Option<u8> {
        match self.alphabet[place].key() {
            Some(key) if self.symmetric && key > named => None,
            Some(key) => Some(named.max(key + 1)),
            None => Some(named),
        }
    }

    /// Tries all sequences that begin with `prefix`. Gives how many were played to their end.
    fn from(&self, prefix: &mut Vec<usize>, named: u8) -> u64 {
        let mut world = (self.world)();
        let possible = prefix.iter().all(|&place| world.step(self.alphabet[place]));
        if !possible {
            return 0;
        }
        if prefix.len() == self.length {
            world.finale();
            return 1;
        }
        drop(world);
        let mut played = 0;
        for place in 0..self.alphabet.len() {
            if let Some(named) = self.follows(named, place) {
                prefix.push(place);
                played += self.from(prefix, named);
                prefix.pop();
            }
        }
        played
    }

    /// On all cores, by the first two operations.
    fn all(&self) -> u64 {
        let next = AtomicUsize::new(0);
        let work = || {
            let mut played = 0;
            loop {
                let start = next.fetch_add(1, Ordering::Relaxed);
                let (first, second) = (start / self.alphabet.len(), start % self.alphabet.len());
                if first == self.alphabet.len() {
                    return played;
                }
                let named = self.follows(0, first).and_then(|named| self.follows(named, second));
                if let Some(named) = named {
                    played += self.from(&mut vec![first, second], named);
                }
            }
        };
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
            threads.into_iter().map(|thread| thread.join().expect("a sequence failed; see above")).sum()
        })
    }
}

/// behaviour Q1, Q2, Q3, Q4, Q6, Q7, Q9, Q11, Q12, Q13
/// guarantee Q-a, Q-b, Q-c, Q-d, Q-h, Q-i
#[test]
fn every_sequence_of_seven_operations_hands_out_and_wakes_as_the_model_does() {
    let played = Play { alphabet: DELIVERY, symmetric: true, length: 7, world: World::new }.all();
    println!("{played} sequences");
    assert!(played > 1_000_000, "{played}");
}

/// behaviour Q6, Q7, Q14, L2
/// guarantee Q-d, Q-e
#[test]
fn every_sequence_of_seven_operations_keeps_promises_as_the_model_does() {
    let played = Play { alphabet: PROMISES, symmetric: false, length: 7, world: World::new }.all();
    println!("{played} sequences");
    assert!(played > 1_000_000, "{played}");
}

/// behaviour Q1, Q2, Q3, Q14, Q15
/// guarantee Q-a, Q-b, Q-d
#[test]
fn every_sequence_of_six_operations_takes_turns_as_the_model_does() {
    let played = Play { alphabet: TURNS, symmetric: false, length: 6, world: World::fair }.all();
    println!("{played} sequences");
    assert!(played > 500_000, "{played}");
}
