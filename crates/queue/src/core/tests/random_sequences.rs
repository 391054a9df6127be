//! Long random sequences beside the model.

use trimtab_seams::{Random, Seeded};

use super::operation::{Key, Operation};
use super::world::World;
use crate::Priority;

fn draw(random: &Seeded, bound: u64) -> u64 {
    random.next_u64() % bound
}

fn operation(random: &Seeded) -> Operation {
    let key = Key::try_from(draw(random, 6)).expect("below 6");
    let ticks = 1 + draw(random, 6);
    match draw(random, 40) {
        0..6 => {
            let levels = [Priority::Low, Priority::Low, Priority::Normal, Priority::High];
            Operation::Add(key, levels[usize::try_from(draw(random, 4)).expect("below 4")])
        }
        6..9 => Operation::Defer(key, ticks),
        9 => Operation::AddFailed(key, ticks - 1),
        10 => Operation::Reschedule(key, ticks),
        11 => Operation::Cancel(key),
        12 => Operation::Forget(key),
        13..19 => Operation::Get,
        19..23 => Operation::Arrive,
        23 => Operation::DropGet,
        24..28 => Operation::Done,
        28 => Operation::After(ticks),
        29 => Operation::Again(ticks),
        30..32 => Operation::Retry(ticks),
        32 => Operation::Fail,
        33..39 => Operation::Tick,
        _ if draw(random, 200) == 0 => Operation::End,
        _ => Operation::Tick,
    }
}

/// behaviour Q1, Q2, Q3, Q6, Q7, Q9, Q13, Q14, Q15
/// guarantee Q-a, Q-b, Q-c, Q-d, Q-e, Q-h
#[test]
fn random_sequences_take_turns_as_the_model_does() {
    for seed in 0..200 {
        let random = Seeded::new(seed);
        let mut world = World::fair();
        for _ in 0..draw(&random, 2000) {
            world.step(operation(&random));
        }
        world.finale();
    }
}

/// behaviour Q1, Q2, Q3, Q4, Q6, Q7, Q9, Q12, Q13, Q14
/// guarantee Q-a, Q-b, Q-c, Q-d, Q-e, Q-h, Q-i
#[test]
fn random_sequences_do_what_the_model_does_and_wake_whom_they_must() {
    for seed in 0..400 {
        let random = Seeded::new(seed);
        let mut world = World::new();
        for _ in 0..draw(&random, 2000) {
            world.step(operation(&random));
        }
        world.finale();
    }
}
