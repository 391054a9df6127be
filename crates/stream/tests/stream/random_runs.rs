//! Random worlds in virtual time: a writer, readers that come, go, lag, give up waiting and resume, and closes of every kind. Each reader checks each
//! step of what it holds against what the ledger was (`view.rs`).

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use std::time::Duration;

use trimtab_seams::{Seams, virtual_time};
use trimtab_stream::{Closed, History, SubscribeRequest};

use crate::ledger::{Ledger, Line, line};
use crate::view::View;

const TOPICS: [&str; 3] = ["orders", "users", "stock"];
const SUBJECTS: [&str; 4] = ["a", "b", "c", "d"];
const COMMITS: u32 = 300;
const READERS: u32 = 12;

/// What happened, so that a run that tests nothing is noticed.
#[derive(Debug, Default)]
struct Tally {
    snapshots: AtomicU32,
    resumed: AtomicU32,
    lagged: AtomicU32,
    refreshed: AtomicU32,
    tokens: AtomicU32,
    gave_up: AtomicU32,
}

fn bump(count: &AtomicU32) {
    count.fetch_add(1, Ordering::Relaxed);
}

struct Dice(Seams);

impl Dice {
    fn below(&self, bound: u64) -> u64 {
        self.0.random() % bound
    }

    fn one_in(&self, odds: u64) -> bool {
        self.below(odds) == 0
    }

    fn of<T: Copy>(&self, choices: &[T]) -> T {
        choices[usize::try_from(self.below(choices.len() as u64)).unwrap()]
    }

    async fn pause(&self, millis: u64) {
        let pause = self.0.random_below(Duration::from_millis(millis));
        self.0.sleep(pause).await;
    }
}

async fn write(ledger: Ledger, dice: Dice) {
    for value in 1..=COMMITS {
        let changes: Vec<Line> = (0..=dice.below(5))
            .map(|_| {
                let set = (!dice.one_in(4)).then_some(u64::from(value));
                line(dice.of(&TOPICS), dice.of(&SUBJECTS), set)
            })
            .collect();
        let (index, changes) = ledger.apply(changes);
        if dice.one_in(3) {
            dice.pause(3).await; // snapshots are ahead of what is published
        }
        ledger.publisher.publish(index, changes).unwrap();
        if dice.one_in(40) {
            ledger.publisher.refresh(&dice.of(&TOPICS).into()).unwrap();
        }
        if dice.one_in(40) {
            ledger.publisher.close_token(&dice.of(&["one", "two"]).into());
        }
        if dice.one_in(3) {
            dice.pause(4).await;
        }
    }
}

async fn read(ledger: Ledger, dice: Dice, tally: Arc<Tally>) {
    let topic = dice.of(&TOPICS);
    let request = match dice.below(3) {
        0 => SubscribeRequest::one(topic, dice.of(&SUBJECTS)),
        _ => SubscribeRequest::all(topic),
    };
    let mut view = View::new(&ledger, request.with_token(dice.of(&["one", "two"])));
    loop {
        bump(if view.index() == 0 { &tally.snapshots } else { &tally.resumed });
        let Ok(mut subscription) = view.subscribe() else { return };
        let closed = loop {
            if dice.one_in(8) {
                dice.pause(60).await;
            }
            if dice.one_in(30) {
                break None; // goes away, whatever waits
            }
            let message = if dice.one_in(4) {
                // Gives up waiting at once and comes back: nothing may be lost with the future.
                let mut next = pin!(subscription.next());
                let polled = std::future::poll_fn(|cx| Poll::Ready(next.as_mut().poll(cx))).await;
                let Poll::Ready(message) = polled else {
                    bump(&tally.gave_up);
                    continue;
                };
                message
            } else {
                subscription.next().await
            };
            match message {
                Ok(message) => view.take(message),
                Err(closed) => break Some(closed),
            }
        };
        match closed {
            Some(Closed::ShuttingDown) => return,
            Some(Closed::Lagged) => bump(&tally.lagged),
            Some(Closed::TokenClosed) => bump(&tally.tokens),
            Some(Closed::TopicRefreshed) => {
                bump(&tally.refreshed);
                if dice.one_in(2) {
                    view.forget();
                }
            }
            _ => {}
        }
    }
}

async fn world(seams: Seams, history: History) -> Arc<Tally> {
    let ledger = Ledger::new(&seams);
    let bounded = ledger.publisher.clone().with_history(history);
    let tally = Arc::new(Tally::default());
    for _ in 0..READERS {
        seams.spawn("reader", read(ledger.clone(), Dice(seams.clone()), Arc::clone(&tally)));
    }
    write(ledger.clone(), Dice(seams.clone())).await;

    // Whoever subscribes from anywhere reaches the present.
    for topic in TOPICS {
        for index in [0, 1, u64::from(COMMITS) / 2, u64::from(COMMITS)] {
            let mut view = View::new(&ledger, SubscribeRequest::all(topic));
            let mut subscription = ledger.subscribe(SubscribeRequest::all(topic).resume_at(index));
            if index == 0 {
                while let Some(message) = subscription.try_next().unwrap() {
                    view.take(message);
                }
                assert!(view.is_whole());
            } else {
                assert!(subscription.try_next().is_ok());
            }
        }
    }
    bounded.shutdown();
    seams.sleep(Duration::from_secs(1)).await;
    assert_eq!(Arc::strong_count(&tally), 1, "every reader has heard of the shutdown");
    tally
}

/// behaviour S2, S3, S4, S5, S7, S8, S9: guarantee W-b
#[test]
fn in_random_worlds_no_reader_sees_a_gap_a_repeat_or_a_step_back() {
    let mut lagged = 0;
    for seed in 0..60 {
        let batches = [4, 16, 1_000][usize::try_from(seed % 3).unwrap()];
        let history = History { batches, ..History::default() };
        let tally = virtual_time::run(seed, async |seams| world(seams, history).await);
        let count = |count: &AtomicU32| count.load(Ordering::Relaxed);
        for (what, least) in [(&tally.snapshots, 12), (&tally.resumed, 10), (&tally.gave_up, 10)] {
            assert!(count(what) >= least, "seed {seed} tests too little: {tally:?}");
        }
        assert!(count(&tally.refreshed) + count(&tally.tokens) > 0, "seed {seed}: {tally:?}");
        assert!(batches < 1_000 || count(&tally.lagged) == 0, "seed {seed}: nobody can fall out: {tally:?}");
        lagged += count(&tally.lagged);
    }
    assert!(lagged > 100, "{lagged} lagged in all");
}

/// behaviour S11
#[test]
fn the_same_seed_gives_the_same_world() {
    let run =
        |seed| virtual_time::run_traced(seed, async |seams| drop(world(seams, History::default()).await)).1;
    assert_eq!(run(5), run(5));
    assert_ne!(run(5), run(6));
}
