//! From a write to the start of its reconcile, beside a raw watch: one writer, one event at a time after a pause.
//!
//! `alternate`: one event under a folder that only the raw watch follows, one under a folder that only the manager's store follows, in turns: each has the machine to itself.
//! `together`: both follow the same folder and hear of the same events; the difference of each event is what stands between the message and the reconcile, and the
//! two of them share the processors.

use std::time::Duration;

use serde_json::json;
use tokio::sync::{mpsc, oneshot};
use tokio_stream::StreamExt as _;
use trimtab_backend::{Backend as _, Expect, Key, Operation, Part, Transaction};
use trimtab_bench::quantile;
use trimtab_etcd::Etcd;
use trimtab_runtime::{Action, Context, Controller, Manager, Reconciler, Request, Result, Source};
use trimtab_seams::{Instant, Seams};
use trimtab_store::{Draft, Store};

use super::World;
use super::raw::Raw;

const EVENTS: usize = 40;
const PAUSE: Duration = Duration::from_millis(5);
const ENTRIES: usize = 100;

type Heard = mpsc::UnboundedReceiver<Instant>;

pub(crate) fn measure(world: &World) {
    world.runtime.block_on(async {
        alternate(world).await;
        together(world).await;
    });
}

async fn alternate(world: &World) {
    let (mut raw, mut managed) =
        (Side::open(world, "wake-raw").await, Side::open(world, "wake-managed").await);
    let mut received = watch(world, "wake-raw").await;
    let (mut started, stop) = manage(world, "wake-managed").await;
    let (mut theirs, mut ours) = (Vec::new(), Vec::new());
    for event in 0..EVENTS * world.rounds {
        world.seams.sleep(PAUSE).await;
        let sent = raw.write(event).await;
        theirs.push((sent, received.recv().await.expect("it was heard")));
        world.seams.sleep(PAUSE).await;
        let sent = managed.write(event).await;
        ours.push((sent, started.recv().await.expect("it was heard")));
    }
    drop(stop);
    let waits = |heard: Vec<(Instant, Instant)>| {
        heard.into_iter().map(|(sent, at)| micros(at - sent)).collect::<Vec<_>>()
    };
    tell("alternate", &waits(theirs), &waits(ours));
}

async fn together(world: &World) {
    let mut side = Side::open(world, "wake-both").await;
    let mut received = watch(world, "wake-both").await;
    let (mut started, stop) = manage(world, "wake-both").await;
    let (mut theirs, mut ours, mut more) = (Vec::new(), Vec::new(), Vec::new());
    for event in 0..EVENTS * world.rounds {
        world.seams.sleep(PAUSE).await;
        let sent = side.write(event).await;
        let (message, start) =
            (received.recv().await.expect("it was heard"), started.recv().await.expect("it was heard"));
        theirs.push(micros(message - sent));
        ours.push(micros(start - sent));
        more.push(ours[ours.len() - 1] - theirs[theirs.len() - 1]);
    }
    drop(stop);
    tell("together", &theirs, &ours);
    let at = |share| quantile(more.clone(), share);
    println!(
        r#"{{"peer": "trimtab", "case": "etcd_watch_to_reconcile_more", "p50_us": {:.0}, "p90_us": {:.0}, "p99_us": {:.0}, "events": {}}}"#,
        at(0.5),
        at(0.9),
        at(0.99),
        more.len()
    );
}

fn micros(wait: Duration) -> f64 {
    wait.as_nanos() as f64 / 1e3
}

fn tell(how: &str, theirs: &[f64], ours: &[f64]) {
    let at = |waits: &[f64], share| quantile(waits.to_vec(), share);
    let ratio = |share| at(ours, share) / at(theirs, share);
    println!(
        r#"{{"peer": "trimtab", "case": "etcd_write_to_reconcile", "how": "{how}", "raw_p50_us": {:.0}, "p50_us": {:.0}, "ratio_p50": {:.3}, "raw_p99_us": {:.0}, "p99_us": {:.0}, "ratio_p99": {:.3}, "events": {}}}"#,
        at(theirs, 0.5),
        at(ours, 0.5),
        ratio(0.5),
        at(theirs, 0.99),
        at(ours, 0.99),
        ratio(0.99),
        ours.len()
    );
}

/// A folder with entries, and who writes to them: records that are ready, past the door.
struct Side {
    etcd: Etcd,
    seams: Seams,
    header: String,
}

impl Side {
    async fn open(world: &World, prefix: &str) -> Self {
        let etcd = connect(world, prefix).await;
        let store = Store::open(etcd.clone()).await.expect("a store");
        for n in 0..ENTRIES {
            store.commit(Draft::json("site", &n.to_string(), &spec(0)).apply()).await.expect("a commit");
        }
        let (_, records) = etcd.read(&[Key::new("site", "0")]).await.expect("a record");
        let value = String::from_utf8(records[0].value.to_vec()).expect("JSON");
        let header = value.lines().next().expect("a header").to_owned();
        Self { etcd, seams: world.seams.clone(), header }
    }

    /// Gives when it was sent. The answer is not waited for by those who hear of it, but by who writes next.
    async fn write(&mut self, event: usize) -> Instant {
        let key = Key::new("site", &(event % ENTRIES).to_string());
        let value = format!("{}\n{}", self.header, spec(event + 1)).into();
        let put = Operation::Put { key, part: Part::Spec, value, expect: Expect::Anything };
        let sent = self.seams.now();
        self.etcd.commit(Transaction::of([put])).await.expect("a commit");
        sent
    }
}

fn spec(event: usize) -> serde_json::Value {
    json!({ "text": format!("{event:0900}") })
}

async fn connect(world: &World, prefix: &str) -> Etcd {
    Etcd::builder([&world.endpoint]).prefix(prefix).connect().await.expect("a store")
}

/// When each message of a raw watch was received.
async fn watch(world: &World, prefix: &str) -> Heard {
    let mut messages = Raw::connect(&world.endpoint).await.watch(&format!("{prefix}/v1/e/")).await;
    let (told, heard) = mpsc::unbounded_channel();
    let seams = world.seams.clone();
    let created = messages.next().await.expect("an answer").expect("an answer");
    assert!(created.created);
    world.seams.spawn("raw watch", async move {
        while let Some(Ok(message)) = messages.next().await {
            let now = seams.now();
            if message.events.iter().any(|_| told.send(now).is_err()) {
                return;
            }
        }
    });
    heard
}

/// Tells when each reconcile starts.
struct Tells(Seams, mpsc::UnboundedSender<Instant>);

impl Reconciler for Tells {
    async fn reconcile(&self, ctx: &Context, request: Request) -> Result<Action> {
        let now = self.0.now();
        assert!(ctx.entry(&request)?.is_some());
        _ = self.1.send(now);
        Ok(Action::done())
    }
}

/// A manager over a store of its own; it stops when what is given is dropped.
async fn manage(world: &World, prefix: &str) -> (Heard, oneshot::Sender<()>) {
    let store = Store::open(connect(world, prefix).await).await.expect("a store");
    let (told, mut heard) = mpsc::unbounded_channel();
    let controller = Controller::new(&store, Tells(world.seams.clone(), told))
        .subscribe(Source::kind("site"))
        .with_workers(8);
    let (stop, stopped) = oneshot::channel::<()>();
    world.seams.spawn("manager", async move {
        Manager::new()
            .add(controller)
            .run(async move { drop(stopped.await) })
            .await
            .expect("a bench does not break it");
    });
    for _ in 0..ENTRIES {
        heard.recv().await.expect("each runs once");
    }
    (heard, stop)
}
