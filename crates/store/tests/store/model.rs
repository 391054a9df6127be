//! The store against plain maps: random writers and faults, held snapshots, followers that come and go.

use std::collections::BTreeMap;

use trimtab_backend::{
    Backend, FollowError, Index, Memory, Operation, Part, RecordChange, Scope, Transaction,
};
use trimtab_backend::{FeedItem, Key, Record};
use trimtab_seams::{Random as _, Seeded, virtual_time};
use trimtab_store::{Entry, EntryEvent, Lookup, Message, Snapshot, Store, SubscribeRequest};
use trimtab_store::{Subscription, Write, WriteError};

use crate::faulty::{Fault, Faulty};
use crate::{SECOND, Site, open, secured};

const BY_CERTIFICATE: Lookup<Site> = Lookup::new("certificate", |site| site.spec.certificates.clone());

type Ports = BTreeMap<String, (u16, Vec<String>)>;

fn read(snapshot: &Snapshot) -> Ports {
    let sites = snapshot.list::<Site>().all().expect("sites");
    sites
        .iter()
        .map(|site| (site.name().to_owned(), (site.spec.port, site.spec.certificates.clone())))
        .collect()
}

fn check(snapshot: &Snapshot, model: &Ports) {
    assert_eq!(read(snapshot), *model, "at {}", snapshot.index());
    for name in (0..12).map(|n| format!("s{n}")) {
        let found = snapshot.get::<Site>(&name).expect("followed");
        assert_eq!(found.map(|site| site.spec.port), model.get(&name).map(|(port, _)| *port), "{name}");
    }
    for term in ["x", "y"] {
        let found = snapshot.list::<Site>().by(&BY_CERTIFICATE, term).all().expect("sites");
        let found: Vec<&str> = found.iter().map(|site| site.name()).collect();
        let wanted: Vec<&str> = model
            .iter()
            .filter(|(_, (_, terms))| terms.iter().any(|t| t == term))
            .map(|(n, _)| n.as_str())
            .collect();
        assert_eq!(found, wanted, "{term}");
    }
}

fn writes(random: &Seeded, store: &Store, model: &mut Ports) -> Vec<Write> {
    let mut writes = Vec::new();
    let first = random.next_u64() % 12;
    for name in (0..=random.next_u64() % 4).map(|n| format!("s{}", (first + n) % 12)) {
        let port = u16::try_from(random.next_u64() % 1_000).expect("small");
        let terms: &[&str] =
            [&[][..], &["x"], &["y"], &["x", "y"]][usize::try_from(random.next_u64() % 4).expect("small")];
        match store.get::<Site>(&name).expect("followed") {
            Some(site) if random.next_u64().is_multiple_of(3) => {
                model.remove(&name);
                writes.push(site.delete());
            }
            Some(site) if random.next_u64().is_multiple_of(2) => {
                writes.push(site.edit(|site| site.port = port));
                model.entry(name).and_modify(|(was, _)| *was = port);
            }
            _ => {
                writes.push(secured(&name, terms).apply());
                model.insert(name, (443, terms.iter().map(ToString::to_string).collect()));
            }
        }
    }
    writes
}

/// behaviour E4, E5, E2
#[test]
fn every_held_snapshot_of_a_store_is_a_copy_of_a_plain_map() {
    for seed in 0..30 {
        virtual_time::run(seed, async |seams| {
            let random = Seeded::new(seed);
            let store = open(&seams, Memory::with_seams(&seams)).await;
            let (mut model, mut held) = (Ports::new(), Vec::new());
            for round in 0..120 {
                if round == 40 {
                    store.declare(&BY_CERTIFICATE);
                }
                let writes = writes(&random, &store, &mut model);
                store.commit(writes).await.expect("one writer has no conflicts");
                held.push((store.snapshot(), model.clone()));
                if random.next_u64().is_multiple_of(2) {
                    held.swap_remove(usize::try_from(random.next_u64()).unwrap_or(0) % held.len());
                }
            }
            for (snapshot, model) in &held {
                check(snapshot, model);
            }
        });
    }
}

/// The records of a memory at each index, as a follower that misses nothing is told them.
#[derive(Default)]
struct History {
    now: BTreeMap<(Key, Part), Record>,
    at: BTreeMap<Index, Vec<Record>>,
}

impl History {
    fn change(&mut self, upto: Index, changes: &[RecordChange]) {
        for change in changes {
            match change {
                RecordChange::Put(record) => {
                    drop(self.now.insert((record.key.clone(), record.part), record.clone()));
                }
                RecordChange::Delete { key, .. } => self.now.retain(|(held, _), _| held != key),
            }
        }
        self.at.insert(upto, self.now.values().cloned().collect());
    }
}

fn records(snapshot: &Snapshot) -> Vec<Record> {
    let entries = snapshot.list_kind("site").all().expect("entries");
    entries.iter().flat_map(|entry| [Some(entry.spec_record()), entry.status_record()]).flatten().collect()
}

/// guarantee W-a, W-b, S-b, fault F13, F16, F17, F18
#[test]
fn whatever_happens_to_the_feed_the_view_is_the_store_at_some_index_and_never_goes_back() {
    let mut resets = 0;
    for seed in 0..40 {
        resets += virtual_time::run(seed, async |seams| {
            let random = Seeded::new(seed ^ 0xfeed);
            let backend = Faulty::new(Memory::with_seams(&seams).with_history(3, 0));
            let follower = open(&seams, backend.clone()).await;
            let writer = open(&seams, backend.memory()).await;
            let mut history = History::default();
            history.at.insert(Index::ZERO, Vec::new());
            let mut truth =
                backend.memory().follow(Scope::Kind("site".into()), None).await.expect("followed");
            let mut subscription = follower.subscribe(SubscribeRequest::all("site")).expect("followed");
            let (mut seen, mut told) = (Index::ZERO, BTreeMap::new());
            let (mut away, mut model) = (false, Ports::new());
            for _ in 0..150 {
                let some = writes(&random, &writer, &mut model);
                writer.commit(some).await.expect("committed");
                match random.next_u64() % 8 {
                    0 if away => backend.come_back(),
                    0 => backend.go_away(FollowError::UNREACHABLE),
                    1 => backend.break_feeds(),
                    2 => backend.memory().compact(writer.position().expect("open").index),
                    3 => seams.sleep(SECOND).await,
                    _ => {}
                }
                away = matches!(backend.read(&[]).await, Err(FollowError::Unavailable { .. }));
                truth_goes_on(&mut truth, &mut history).await;
                listen(&mut subscription, &mut told);
                let snapshot = follower.snapshot();
                assert!(snapshot.index() >= seen, "the view never goes back");
                seen = snapshot.index();
                let (_, wanted) = history.at.range(..=seen).next_back().expect("it has a beginning");
                assert_eq!(records(&snapshot), *wanted, "the view at {seen}");
                let entries = wanted.iter().filter(|record| record.part == Part::Spec).count();
                assert_eq!(follower.health().entries, entries, "counted as it was written");
            }
            backend.come_back();
            follower.at_least(writer.position().expect("open")).await.expect("it comes to the same view");
            assert_eq!(read(&follower.snapshot()), model);
            listen(&mut subscription, &mut told);
            assert_eq!(
                told.into_values().collect::<Vec<_>>(),
                follower.list_kind("site").all().expect("entries")
            );
            follower.health().resets
        });
    }
    assert!(resets > 100, "{resets} resets were not worth the name");
}

/// A subscriber that only adds up what it is told.
fn listen(subscription: &mut Subscription<EntryEvent>, told: &mut BTreeMap<Key, Entry>) {
    while let Some(message) = subscription.try_next().expect("it never lagged") {
        let Message::Changes { events, .. } = message else { continue };
        for event in &*events {
            let old = match &event.new {
                Some(new) => told.insert(event.key.clone(), new.clone()),
                None => told.remove(&event.key),
            };
            assert_eq!(old, event.old, "the value before is what was told before");
        }
    }
}

async fn truth_goes_on(truth: &mut trimtab_backend::Feed, history: &mut History) {
    loop {
        let next = std::future::poll_fn(|cx| match truth.poll_next(cx) {
            std::task::Poll::Ready(item) => std::task::Poll::Ready(Some(item)),
            std::task::Poll::Pending => std::task::Poll::Ready(None),
        });
        match next.await {
            Some(Ok(FeedItem::Batch { upto, changes, .. })) => history.change(upto.index, &changes),
            Some(Ok(FeedItem::Reset { .. })) => history.now.clear(),
            Some(Ok(FeedItem::Chunk(records))) => {
                history
                    .now
                    .extend(records.into_iter().map(|record| ((record.key.clone(), record.part), record)));
            }
            Some(Ok(FeedItem::Synced(position))) => history.change(position.index, &[]),
            Some(Err(error)) => panic!("{error}"),
            None => return,
        }
    }
}

/// guarantee R-b, fault F7, F8
#[test]
fn with_answers_and_requests_lost_at_random_each_acknowledged_write_is_there_and_no_other() {
    for seed in 0..30 {
        virtual_time::run(seed, async |seams| {
            let random = Seeded::new(seed ^ 0xdead);
            let backend = Faulty::new(Memory::with_seams(&seams));
            let store = open(&seams, backend.clone()).await;
            let mut model = Ports::new();
            for _ in 0..100 {
                backend.leave_unresolved(usize::try_from(random.next_u64() % 3).expect("small"));
                let fault = match random.next_u64() % 6 {
                    0 => Some(Fault::LostAnswer),
                    1 => Some(Fault::LostRequest),
                    2 => Some(Fault::Overtaken(Transaction::of([Operation::Put {
                        key: Key::new("other", "x"),
                        part: Part::Spec,
                        value: r#"{"f":1,"uid":"00000000-0000-4000-8000-000000000001","generation":1,"created_at":"2026-01-01T00:00:00.000Z"}
                        {}"#.into(),
                        expect: trimtab_backend::Expect::Anything,
                    }]))),
                    _ => None,
                };
                let mut after = model.clone();
                let writes = writes(&random, &store, &mut after);
                backend.next_commits(fault);
                let sent = backend.commits();
                match store.commit(writes).await {
                    Ok(_) => model = after,
                    Err(WriteError::Unavailable { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
                if backend.commits() == sent {
                    // Nothing was sent: the fault waits for the next one.
                    store.commit(secured("flush", &[]).overwrite()).await.map(drop).unwrap_or_default();
                    let flush = store.get::<Site>("flush").expect("followed");
                    if let Some(flush) = flush {
                        store.commit(flush.delete()).await.expect("deleted");
                    }
                }
                assert_eq!(read(&store.snapshot()), model);
            }
        });
    }
}
