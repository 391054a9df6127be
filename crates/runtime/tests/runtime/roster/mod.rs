//! Who else there is: replicas that come, fall silent, are forgotten, and share a name.

mod faults;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use trimtab_backend::{Backend as _, Expect, Key, Leases as _, Operation, Part, StoreLease, Transaction};
use trimtab_runtime::{
    Action, Controller, Placement, Replica, ReplicaState, Roster, Source, Whereabouts, reconcile_fn,
};
use trimtab_seams::Instant;
use trimtab_store::{Index, Store};

use ReplicaState::{Alive, Silent, Unknown};

use crate::world::{Faulty, IceGate, IcySpawn, MS, Running, SECOND, Site, World, site, world};

const TTL: Duration = Duration::from_secs(10);
/// How late the end of a silent replica may be told, beside the TTL: what a view needs to come.
const BOUND: Duration = Duration::from_secs(1);

/// A replica that can be frozen, cut off and killed.
struct There {
    roster: Roster,
    backend: Faulty,
    store: Store,
    ice: Arc<IceGate>,
    stop: Option<oneshot::Sender<()>>,
    ended: oneshot::Receiver<()>,
}

impl There {
    async fn named(w: &World, name: &str) -> Self {
        let ice = Arc::new(IceGate::default());
        let seams = w.seams.clone().with_spawn(IcySpawn::new(&w.seams, &ice));
        let backend = Faulty::new(w.backend.memory());
        let store = Store::builder(backend.clone()).seams(&seams).open().await.expect("memory opens");
        let me = Replica {
            name: name.into(),
            version: "1.2.3".into(),
            started: seams.wall().into(),
            api: Some(format!("http://{name}:7420")),
        };
        let roster = Roster::new(&store, me, TTL).expect("a TTL");
        let (stop, stopped) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let running = roster.clone();
        seams.spawn("roster", async move {
            running.run(async { drop(stopped.await) }).await;
            let _ = end.send(());
        });
        Self { roster, backend, store, ice, stop: Some(stop), ended }
    }

    /// Who is there as it sees it: names and states.
    fn sees(&self) -> Vec<(String, ReplicaState)> {
        self.roster.replicas().into_iter().map(|other| (other.replica.name, other.state)).collect()
    }

    async fn stop(mut self) {
        drop(self.stop.take());
        self.ended.await.expect("it ran");
    }
}

fn all(states: &[(&str, ReplicaState)]) -> Vec<(String, ReplicaState)> {
    states.iter().map(|(name, state)| ((*name).into(), *state)).collect()
}

/// The records of presence in the store.
async fn records(w: &World) -> usize {
    let scope = trimtab_backend::Scope::Kind("trimtab.lease".into());
    let mut feed = w.backend.memory().follow(scope, None).await.expect("memory is followed");
    let mut found = 0;
    loop {
        match feed.next().await.expect("memory tells") {
            trimtab_backend::FeedItem::Chunk(chunk) => {
                let spec = chunk.iter().filter(|record| record.part == Part::Spec);
                found += spec.filter(|record| record.key.name().starts_with("trimtab.replica.")).count();
            }
            trimtab_backend::FeedItem::Synced(_) => return found,
            _ => {}
        }
    }
}

/// guarantee Q-h, fault F20
#[test]
fn a_replica_that_cannot_take_itself_off_ends_in_a_moment_whatever_its_ttl() {
    world(31, async |w| {
        let me =
            Replica { name: "a".into(), version: "1.2.3".into(), started: w.seams.wall().into(), api: None };
        let roster = Roster::new(&w.store, me, 3600 * SECOND).expect("a TTL");
        let seams = w.seams.clone();
        roster
            .run(async {
                seams.sleep(SECOND).await;
                w.backend.cut(true);
            })
            .await;
        assert!(w.seams.now() <= Instant::ORIGIN + 12 * SECOND, "{:?}", w.seams.now());
    });
}

#[test]
fn replicas_know_of_each_other_and_one_that_stops_is_off_at_once() {
    world(1, async |w| {
        let (a, b) = (There::named(&w, "a").await, There::named(&w, "b").await);
        w.sleep(MS).await;
        for one in [&a, &b] {
            assert_eq!(one.sees(), all(&[("a", Alive), ("b", Alive)]));
        }
        let other = a.roster.replicas().remove(1);
        assert_eq!(other.id, b.roster.id());
        assert_eq!(other.replica.version, "1.2.3");
        assert_eq!(other.replica.api.as_deref(), Some("http://b:7420"));
        assert_eq!(other.replica.started, b.roster.replicas().remove(1).replica.started);
        w.sleep(100 * TTL).await;
        assert_eq!(a.sees(), all(&[("a", Alive), ("b", Alive)]));
        b.stop().await;
        w.sleep(MS).await;
        assert_eq!((a.sees(), records(&w).await), (all(&[("a", Alive)]), 1));
        a.stop().await;
        assert_eq!(records(&w).await, 0, "nothing is left behind");
    });
}

/// One small write each third of the TTL.
#[test]
fn being_there_costs_a_beat_each_third_of_the_ttl_and_nothing_else() {
    world(2, async |w| {
        let a = There::named(&w, "a").await;
        let _b = There::named(&w, "b").await;
        w.sleep(SECOND).await;
        let before = a.backend.commits();
        w.sleep(30 * TTL).await;
        let beats = a.backend.commits() - before;
        assert!((88..=90).contains(&beats), "{beats} commits");
    });
}

#[test]
fn one_that_falls_silent_is_told_within_its_ttl_and_is_back_as_soon_as_it_wakes() {
    for seed in 0..20 {
        world(seed, async |w| {
            let (a, b) = (There::named(&w, "a").await, There::named(&w, "b").await);
            w.sleep(w.seams.random_below(TTL) + SECOND).await;
            b.ice.set(true);
            let frozen = w.seams.now();
            while a.sees()[1].1 == Alive {
                w.sleep(10 * MS).await;
            }
            let took = w.seams.now() - frozen;
            assert!((2 * TTL / 3..TTL + BOUND).contains(&took), "{took:?}");
            assert_eq!(a.sees(), all(&[("a", Alive), ("b", Silent)]));
            w.sleep(2 * TTL).await;
            b.ice.set(false);
            w.sleep(SECOND).await;
            for one in [&a, &b] {
                assert_eq!(one.sees(), all(&[("a", Alive), ("b", Alive)]));
            }
        });
    }
}

#[test]
fn the_dead_are_shown_for_ten_minutes_and_one_that_wakes_later_comes_back() {
    world(3, async |w| {
        let (a, b) = (There::named(&w, "a").await, There::named(&w, "b").await);
        w.sleep(SECOND).await;
        b.ice.set(true);
        w.sleep(TTL + 590 * SECOND).await;
        assert_eq!(a.sees(), all(&[("a", Alive), ("b", Silent)]));
        w.sleep(20 * SECOND).await;
        assert_eq!((a.sees(), records(&w).await), (all(&[("a", Alive)]), 1));
        b.ice.set(false);
        w.sleep(SECOND).await;
        assert_eq!(a.sees(), all(&[("a", Alive), ("b", Alive)]));
        assert!(b.roster.reasons().is_empty());
    });
}

/// A crash loop leaves no heap of records, whatever names it makes up.
#[test]
fn of_the_dead_no_more_than_sixteen_are_kept() {
    world(4, async |w| {
        let a = There::named(&w, "a").await;
        for n in 0..40 {
            let dead = There::named(&w, &format!("crash-{n:02}")).await;
            w.sleep(MS).await;
            dead.ice.set(true);
        }
        w.sleep(2 * TTL).await;
        let seen = a.sees();
        assert_eq!((seen.len(), records(&w).await), (17, 17));
        assert_eq!(seen[1], ("crash-24".into(), Silent), "the last ones");
    });
}

#[test]
fn one_that_is_started_again_under_its_name_is_no_second_one_and_its_former_life_goes() {
    world(5, async |w| {
        let (a, b) = (There::named(&w, "a").await, There::named(&w, "b").await);
        w.sleep(SECOND).await;
        b.ice.set(true);
        let again = There::named(&w, "b").await;
        for _ in 0..150 {
            w.sleep(100 * MS).await;
            assert!(again.roster.reasons().is_empty(), "{:?}", again.roster.reasons());
        }
        for one in [&a, &again] {
            assert_eq!(one.sees(), all(&[("a", Alive), ("b", Alive)]), "taken off by those who live");
        }
    });
}

#[test]
fn of_two_that_live_under_one_name_the_second_says_so_until_the_first_is_gone() {
    world(6, async |w| {
        let first = There::named(&w, "a").await;
        w.sleep(SECOND).await;
        let second = There::named(&w, "a").await;
        w.sleep(TTL).await;
        let reasons = second.roster.reasons();
        assert_eq!(reasons.len(), 1);
        assert!(
            reasons[0].starts_with("another replica, started ")
                && reasons[0].contains(" at http://a:7420, is called `a` too; give each a name of its own"),
            "{reasons:?}"
        );
        assert!(first.roster.reasons().is_empty(), "it was there before");
        for one in [&first, &second] {
            assert_eq!(one.sees(), all(&[("a", Alive), ("a", Alive)]), "two are two");
        }
        assert_ne!(first.roster.id(), second.roster.id());
        first.stop().await;
        w.sleep(SECOND).await;
        assert!(second.roster.reasons().is_empty());
    });
}

/// Whoever cannot hear the others must not call them dead, and hears again before it judges.
#[test]
fn of_others_that_cannot_be_heard_nothing_is_known_and_the_dead_stay_dead() {
    world(7, async |w| {
        let (a, b, c) =
            (There::named(&w, "a").await, There::named(&w, "b").await, There::named(&w, "c").await);
        w.sleep(SECOND).await;
        c.ice.set(true);
        w.sleep(2 * TTL).await;
        assert_eq!(a.sees(), all(&[("a", Alive), ("b", Alive), ("c", Silent)]));
        a.backend.cut(true);
        w.sleep(SECOND).await;
        assert_eq!(a.sees(), all(&[("a", Alive), ("b", Unknown), ("c", Unknown)]));
        w.sleep(3 * TTL).await;
        assert_eq!(b.sees(), all(&[("a", Silent), ("b", Alive), ("c", Silent)]));
        a.backend.cut(false);
        while a.sees()[1].1 == Unknown {
            w.sleep(MS).await;
        }
        assert_eq!(a.sees(), all(&[("a", Alive), ("b", Alive), ("c", Silent)]), "it did not move meanwhile");
        w.sleep(TTL).await;
        assert_eq!(b.sees(), all(&[("a", Alive), ("b", Alive), ("c", Silent)]));
    });
}

#[test]
fn what_cannot_be_read_as_a_replica_is_left_alone() {
    world(8, async |w| {
        let key = |name: &str| Key::new("trimtab.lease", &format!("trimtab.replica.{name}"));
        let put = |name: &str, value: &'static str| Operation::Put {
            key: key(name),
            part: Part::Spec,
            value: value.into(),
            expect: Expect::Absent,
        };
        let odd = "{}\n{\"holder\":\"x\",\"nonce\":\"1\",\"ttl_ms\":1000,\"about\":[1]}";
        w.backend.commit(Transaction::of([put("one", "mine!"), put("two", odd)])).await.expect("commits");
        let a = There::named(&w, "a").await;
        w.sleep(2 * TTL).await;
        assert_eq!(a.sees(), all(&[("a", Alive)]));
        w.sleep(61 * TTL).await;
        assert_eq!(records(&w).await, 1, "what is no longer of use to anybody goes in the end");
    });
}

fn leading(w: &World, store: &Store, name: &str) -> Running {
    let reconciler = reconcile_fn(async |_, _| Ok(Action::done()));
    let placement = Placement::leader("sites").with_holder(name);
    w.start(Controller::new(store, reconciler).subscribe(Source::of::<Site>()).with_placement(placement))
}

#[test]
fn who_holds_a_lease_is_known_everywhere_and_a_dead_holder_is_none() {
    world(9, async |w| {
        w.put("blog", site(80)).await;
        let (a, b) = (There::named(&w, "a").await, There::named(&w, "b").await);
        let first = leading(&w, &a.store, "a");
        w.sleep(SECOND).await;
        let second = leading(&w, &b.store, "b");
        w.sleep(SECOND).await;
        let (key, epoch) = (Key::new("site", "blog"), first.handle.status().epoch);
        for one in [&a, &b] {
            let holder = one.roster.holder("sites").expect("it is led");
            assert_eq!((holder.name.as_str(), Some(holder.epoch)), ("a", epoch));
            assert_eq!(one.roster.holder("others"), None);
        }
        assert_eq!(first.handle.whereabouts(&key), Whereabouts::Here);
        assert_eq!(second.handle.whereabouts(&key), Whereabouts::NotHere);
        assert_eq!(second.handle.status().placement, Placement::leader("sites").with_holder("b"));
        second.stop().await.expect("in time");
        first.stop().await.expect("in time");
        w.sleep(MS).await;
        assert_eq!(a.roster.holder("sites"), None, "it was given back");
        let leases = StoreLease::new(w.backend.clone(), &w.seams);
        let dead = leases.acquire("sites", "dead").await.expect("a grant");
        assert!(dead.epoch() > Index::ZERO);
        w.sleep(MS).await;
        assert_eq!(a.roster.holder("sites").map(|holder| holder.name), Some("dead".into()));
        w.sleep(TTL + BOUND).await;
        assert_eq!(a.roster.holder("sites"), None);
    });
}
