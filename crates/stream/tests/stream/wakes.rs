//! What a publish costs the writer in wake-ups.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use parking_lot::Mutex;
use trimtab_seams::{BoxFuture, Seams, Spawn};
use trimtab_stream::{EventPublisher, SubscribeRequest, Subscription, TopicSpec};

use crate::ledger::{Line, line};

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Count {
    fn take(&self) -> usize {
        self.0.swap(0, Ordering::Relaxed)
    }
}

/// Keeps tasks, to be polled by hand.
#[derive(Clone, Default)]
struct ByHand(Arc<Mutex<Vec<BoxFuture<'static, ()>>>>);

impl Spawn for ByHand {
    fn spawn(&self, _name: &'static str, task: BoxFuture<'static, ()>) {
        self.0.lock().push(task);
    }

    fn spawn_blocking(&self, _name: &'static str, work: Box<dyn FnOnce() + Send>) {
        work();
    }
}

struct Crowd {
    publisher: EventPublisher<Line>,
    subscriptions: Vec<Subscription<Line>>,
    readers: Arc<Count>,
    bell: Arc<Count>,
    tasks: ByHand,
}

impl Crowd {
    fn new(size: usize) -> Self {
        let tasks = ByHand::default();
        let seams = Seams::tokio().with_spawn(tasks.clone());
        let spec = TopicSpec::new("orders", |_| (0, []));
        let publisher = EventPublisher::new(&seams, [spec]).starting_at(1);
        let request = SubscribeRequest::all("orders").resume_at(1);
        let subscriptions = (0..size).map(|_| publisher.subscribe(request.clone()).unwrap()).collect();
        let mut crowd =
            Self { publisher, subscriptions, readers: Arc::default(), bell: Arc::default(), tasks };
        assert_eq!(crowd.read(), 0);
        crowd.poll_bell();
        crowd
    }

    /// Reads all there is and waits again. How many messages there were.
    fn read(&mut self) -> usize {
        let waker = Waker::from(Arc::clone(&self.readers));
        let mut cx = Context::from_waker(&waker);
        let polls = self.subscriptions.iter_mut();
        polls.map(|one| std::iter::from_fn(|| one.poll_next(&mut cx).is_ready().then_some(())).count()).sum()
    }

    fn poll_bell(&mut self) {
        let waker = Waker::from(Arc::clone(&self.bell));
        for task in &mut *self.tasks.0.lock() {
            assert_eq!(task.as_mut().poll(&mut Context::from_waker(&waker)), Poll::Pending);
        }
    }
}

/// behaviour S12: the figure is in the bench `stream`.
#[test]
fn the_writer_wakes_at_most_four_itself_and_else_one_task_however_many_listen() {
    for size in [0, 1, 4, 5, 64, 1_000, 10_000] {
        let mut crowd = Crowd::new(size);
        for index in [10, 20, 30] {
            crowd.publisher.publish(index, [line("orders", "a", index)]).unwrap();
            let by_writer = (crowd.readers.take(), crowd.bell.take());
            assert_eq!(by_writer, if size <= 4 { (size, 0) } else { (0, 1) }, "{size} listen");
            // Until the bell has come there is nothing left to wake.
            crowd.publisher.publish(index + 1, [line("orders", "a", index)]).unwrap();
            assert_eq!((crowd.readers.take(), crowd.bell.take()), (0, 0));
            let mut woken = by_writer.0;
            while woken < size {
                crowd.poll_bell();
                let group = crowd.readers.take();
                assert!((1..=64).contains(&group), "the bell gives way after {group}");
                woken += group;
            }
            assert_eq!(woken, size, "everyone is woken, once");
            crowd.poll_bell();
            crowd.bell.take();
            assert_eq!(crowd.read(), 2 * size);
        }
    }
}

/// behaviour S12: topics do not wake each other's subscribers.
#[test]
fn a_commit_wakes_only_who_listens_to_its_topic() {
    let seams = Seams::tokio().with_spawn(ByHand::default());
    let spec = |topic| TopicSpec::<Line>::new(topic, |_| (0, []));
    let publisher = EventPublisher::new(&seams, [spec("orders"), spec("users")]).starting_at(1);
    let wait = |topic| {
        let count = Arc::new(Count::default());
        let mut subscription = publisher.subscribe(SubscribeRequest::all(topic).resume_at(1)).unwrap();
        assert!(
            subscription.poll_next(&mut Context::from_waker(&Waker::from(Arc::clone(&count)))).is_pending()
        );
        (subscription, count)
    };
    let ((_orders, orders), (_users, users)) = (wait("orders"), wait("users"));
    publisher.publish(2, [line("users", "a", 1)]).unwrap();
    assert_eq!((orders.take(), users.take()), (0, 1));
    publisher.publish(3, [line("users", "a", 1), line("orders", "a", 1)]).unwrap();
    assert_eq!((orders.take(), users.take()), (1, 0), "the other does not wait any more");
}

/// behaviour S10: the last waker given is the one that is woken, and a future that was dropped leaves at most a wake-up too many.
#[test]
fn the_waker_of_the_latest_poll_is_woken() {
    let mut crowd = Crowd::new(1);
    let second = Arc::new(Count::default());
    let waker = Waker::from(Arc::clone(&second));
    assert!(crowd.subscriptions[0].poll_next(&mut Context::from_waker(&waker)).is_pending());
    crowd.publisher.publish(2, [line("orders", "a", 1)]).unwrap();
    assert_eq!((crowd.readers.take(), second.take()), (0, 1));
}
