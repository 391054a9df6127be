//! Leases in virtual time: who is granted what and when, whatever sleeps or fails.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use trimtab_backend::{
    Backend, CommitError, Expect, Held, Index, Key, LeaseError, LeaseSettings, Leases, Memory, Operation,
    Part, RecordLog, StoreId, StoreLease, Transaction,
};
use trimtab_seams::{Instant, Seams, virtual_time};

mod faulty;
use faulty::{Fault, Faulty};

const TTL: Duration = Duration::from_secs(10);
/// How long a holder acts after a renewal that it sent.
const DEADLINE: Duration = Duration::from_nanos(6_666_666_666);

fn key() -> Key {
    Key::new("trimtab.lease", "one")
}

fn faulty(seams: &Seams) -> (Faulty, StoreLease) {
    let store = Faulty::new(RecordLog::new(StoreId::new(seams.random_bytes())), seams);
    (store.clone(), StoreLease::new(store, seams))
}

async fn acquire(leases: &StoreLease, holder: &str) -> Held {
    leases.acquire("one", holder).await.expect("a grant")
}

/// A write under a lease: whether the store took it.
async fn write(store: &impl Backend, held: &Held) -> bool {
    let (key, value) = (Key::new("site", "guarded"), "{}".into());
    let put = Operation::Put { key, part: Part::Spec, value, expect: Expect::Anything };
    match store.commit(Transaction::of([put]).checking(held.fence())).await {
        Ok(_) => true,
        Err(CommitError::Conflict(failed)) => {
            assert_eq!(failed[0].key, self::key(), "the fence refused it");
            false
        }
        Err(error) => panic!("{error}"),
    }
}

/// contract L2, guarantee L-a
#[test]
fn a_holder_that_sleeps_past_its_ttl_is_deposed_and_its_writes_are_refused() {
    virtual_time::run(1, async |seams| {
        let memory = Memory::with_seams(&seams);
        let leases = StoreLease::new(memory.clone(), &seams);
        let mut old = acquire(&leases, "a").await;
        assert!(write(&memory, &old).await && old.is_valid());
        let new = acquire(&leases, "b").await;
        assert!(!old.is_valid() && new.epoch() > old.epoch());
        assert!(!write(&memory, &old).await, "under the old epoch");
        assert!(write(&memory, &new).await, "under the new one");
        let lost = old.renew().await.expect_err("it is deposed");
        assert!(matches!(lost, LeaseError::Lost { epoch, .. } if epoch == old.epoch()), "{lost}");
        assert!(matches!(old.release().await, Err(LeaseError::Lost { .. })));
        assert!(write(&memory, &new).await, "and disturbs nobody");
    });
}

/// contract L2: the stated bound. What memory adds to the TTL is nothing; a server adds the delay of its feed and one commit.
#[test]
fn takeover_comes_exactly_the_ttl_after_the_last_beat() {
    virtual_time::run(1, async |seams| {
        let leases = StoreLease::new(Memory::with_seams(&seams), &seams);
        let mut old = acquire(&leases, "a").await;
        let granted = Arc::new(Mutex::new(None));
        let challenge = {
            let (leases, granted, seams) = (leases.clone(), Arc::clone(&granted), seams.clone());
            async move {
                let held = acquire(&leases, "b").await;
                *granted.lock() = Some((seams.now(), held));
            }
        };
        seams.spawn("challenger", challenge);
        for _ in 0..7 {
            seams.sleep_until(old.renew_at()).await;
            old.renew().await.expect("a renewal");
        }
        let last = seams.now();
        assert!(granted.lock().is_none(), "not while it is renewed");
        seams.sleep(TTL + Duration::from_nanos(1)).await;
        let (at, _held) = granted.lock().take().expect("a takeover");
        assert_eq!(at - last, TTL);
        assert_eq!(old.valid_until() - last, DEADLINE, "a third of the TTL before that");
    });
}

/// contract L2, guarantee L-a
#[test]
fn of_many_challengers_at_most_one_is_valid_at_any_time_and_epochs_grow() {
    for seed in 0..20 {
        let mut terms = virtual_time::run(seed, async |seams| {
            let leases = StoreLease::new(Memory::with_seams(&seams), &seams);
            let terms: Arc<Mutex<Vec<(Index, Instant, Instant)>>> = Arc::default();
            for n in 0..6_u64 {
                let (leases, terms, seams) = (leases.clone(), Arc::clone(&terms), seams.clone());
                seams.clone().spawn("challenger", async move {
                    loop {
                        let mut held = acquire(&leases, &format!("host-{n}")).await;
                        let from = seams.now();
                        // Renewed a few times; then given back, or forgotten.
                        for _ in 0..seams.random() % 4 {
                            seams.sleep_until(held.renew_at()).await;
                            held.renew().await.expect("a renewal in time");
                        }
                        seams.sleep(seams.random_below(DEADLINE)).await;
                        let (epoch, until) = (held.epoch(), held.valid_until());
                        if seams.random() % 2 == 0 {
                            let now = seams.now();
                            if held.release().await.is_ok() {
                                terms.lock().push((epoch, from, until.min(now)));
                                continue;
                            }
                        }
                        terms.lock().push((epoch, from, until));
                    }
                });
            }
            seams.sleep(Duration::from_secs(3600)).await;
            let terms = terms.lock().clone();
            terms
        });
        terms.sort();
        assert!(terms.len() > 100, "an hour has many terms: {}", terms.len());
        for pair in terms.windows(2) {
            let [(one, _, until), (other, from, _)] = pair else { unreachable!("a window of two") };
            assert!(until <= from && one < other, "{one} until {until:?}, {other} from {from:?}");
        }
    }
}

/// contract L2
#[test]
fn a_holder_that_renews_is_never_deposed() {
    virtual_time::run(3, async |seams| {
        let leases = StoreLease::new(Memory::with_seams(&seams), &seams);
        let mut held = acquire(&leases, "a").await;
        for _ in 0..3 {
            let leases = leases.clone();
            seams.spawn("challenger", async move { panic!("granted {:?}", acquire(&leases, "b").await) });
        }
        for _ in 0..1000 {
            seams.sleep_until(held.renew_at()).await;
            held.renew().await.expect("a renewal");
            assert!(held.is_valid());
        }
    });
}

/// contract L3, test 49
#[test]
fn a_renewal_the_store_did_not_take_extends_nothing_and_ends_at_the_deadline() {
    virtual_time::run(1, async |seams| {
        let (store, leases) = faulty(&seams);
        let mut held = acquire(&leases, "a").await;
        let until = held.valid_until();
        seams.sleep(Duration::from_secs(3)).await;
        store.set_away(true);
        assert!(matches!(held.renew().await, Err(LeaseError::Unavailable(_))));
        assert_eq!((seams.now(), held.valid_until()), (until, until));
        assert!(!held.is_valid());
        // Nobody else could be granted it: when the store is back, it is as it was.
        store.set_away(false);
        held.renew().await.expect("a late renewal");
        assert_eq!(held.valid_until(), seams.now() + DEADLINE);
    });
}

/// contract L3, fault F22
#[test]
fn a_commit_that_hangs_does_not_hold_a_renewal_past_its_deadline() {
    virtual_time::run(1, async |seams| {
        let (store, leases) = faulty(&seams);
        let mut held = acquire(&leases, "a").await;
        store.fail([Fault::Slow(Duration::from_secs(3600))]);
        assert!(matches!(held.renew().await, Err(LeaseError::Unavailable(_))));
        assert_eq!(seams.now(), held.valid_until());
    });
}

/// contract L4
#[test]
fn validity_counts_from_before_the_request_left() {
    virtual_time::run(1, async |seams| {
        let (store, leases) = faulty(&seams);
        let slow = Duration::from_secs(2);
        store.fail([Fault::Slow(slow), Fault::Slow(slow)]);
        let start = seams.now();
        let mut held = acquire(&leases, "a").await;
        assert_eq!((seams.now(), held.valid_until()), (start + slow, start + DEADLINE));
        held.renew().await.expect("a renewal");
        assert_eq!((seams.now(), held.valid_until()), (start + 2 * slow, start + slow + DEADLINE));
    });
}

/// contract U2, guarantee R-b, fault F2, F22
#[test]
fn unknown_outcomes_are_resolved_before_going_on() {
    virtual_time::run(1, async |seams| {
        let (store, leases) = faulty(&seams);
        for lost in [Fault::AnswerLost, Fault::RequestLost] {
            store.fail([lost]);
            let mut held = acquire(&leases, "a").await;
            assert!(held.is_valid() && write(&store, &held).await, "granted, though {lost:?}");
            store.fail([lost]);
            let before = held.valid_until();
            held.renew().await.expect("a renewal");
            assert!(held.valid_until() > before, "renewed, though {lost:?}");
            store.fail([lost]);
            held.release().await.expect("a release");
            let next = acquire(&leases, "b").await;
            assert!(seams.now() < Instant::ORIGIN + TTL, "released, though {lost:?}");
            next.release().await.expect("a release");
        }
        let (_, resolves) = store.asked();
        assert_eq!(resolves, 12, "each of six asked for twice, for the first answer was lost too");
    });
}

/// guarantee L-b, fault F23
#[test]
fn steps_of_the_wall_clock_change_nothing() {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::SystemTime;
    use trimtab_seams::{Clock, Timer};

    /// The same monotonic time, and a time of day that jumps at each look.
    struct Jumping(Seams, AtomicU64);
    impl Clock for Jumping {
        fn now(&self) -> Instant {
            self.0.now()
        }
        fn wall(&self) -> SystemTime {
            let looks = self.1.fetch_add(1, Ordering::Relaxed);
            SystemTime::UNIX_EPOCH + Duration::from_secs(looks * 7_000_000_000 % 9_000_000_000)
        }
        fn timer(&self) -> Box<dyn Timer> {
            self.0.timer()
        }
    }

    let story = |jumping: bool| {
        virtual_time::run(1, async |seams| {
            let seams =
                if jumping { seams.clone().with_clock(Jumping(seams, AtomicU64::new(1))) } else { seams };
            let leases = StoreLease::new(Memory::with_seams(&seams), &seams);
            let mut times = Vec::new();
            for holder in ["a", "b", "c"] {
                let mut held = acquire(&leases, holder).await;
                times.push((seams.now(), held.epoch(), held.valid_until()));
                held.renew().await.expect("a renewal");
                times.push((seams.now(), held.epoch(), held.valid_until()));
            }
            times
        })
    };
    assert_eq!(story(true), story(false));
}

/// contract L2, fault F20
///
/// Standing still counts only while the feed is live. A challenger whose feed broke was once overtaken by its own alarm: the break was seen,
/// and the claim made all the same.
#[test]
fn a_challenger_counts_the_ttl_anew_when_its_feed_was_broken() {
    let outages: [fn(&Faulty, bool); 2] = [Faulty::set_away, Faulty::set_deaf];
    for set_broken in outages {
        virtual_time::run(1, async |seams| {
            let (store, leases) = faulty(&seams);
            let _old = acquire(&leases, "a").await;
            let granted = Arc::new(Mutex::new(None));
            let task = {
                let (leases, granted, seams) = (leases.clone(), Arc::clone(&granted), seams.clone());
                async move {
                    let held = acquire(&leases, "b").await;
                    *granted.lock() = Some((held.epoch(), seams.now()));
                }
            };
            seams.spawn("challenger", task);
            seams.sleep(Duration::from_secs(8)).await;
            set_broken(&store, true);
            // The challenger finds the break when its alarm makes it look.
            seams.sleep(Duration::from_secs(60)).await;
            set_broken(&store, false);
            let back = seams.now();
            seams.sleep(Duration::from_secs(60)).await;
            let (_, at) = granted.lock().take().expect("a takeover");
            assert!(at >= back + TTL, "at {at:?}, and the store was back at {back:?}");
            assert!(at <= back + TTL + LeaseSettings::default().renew_every(), "{:?}", at - back);
        });
    }
}

/// contract L2, fault F16: what a silent feed does not tell, the conditions of the claim find out.
#[test]
fn a_challenger_on_a_silent_feed_neither_takes_over_nor_spins() {
    virtual_time::run(1, async |seams| {
        let (store, leases) = faulty(&seams);
        let mut held = acquire(&leases, "a").await;
        store.set_silent(true);
        let challenger = leases.clone();
        seams.spawn("challenger", async move { panic!("granted {:?}", acquire(&challenger, "b").await) });
        let (before, _) = store.asked();
        for _ in 0..90 {
            seams.sleep_until(held.renew_at()).await;
            held.renew().await.expect("a renewal");
        }
        let (after, _) = store.asked();
        let claims = after - before - 90;
        assert!((1..=31).contains(&claims), "{claims} claims in 30 TTLs");
    });
}

/// contract L1: an older copy of the store was put back, in which the version of our epoch is another's.
#[test]
fn a_holder_does_not_take_anothers_epoch_in_a_restored_store_for_its_own() {
    virtual_time::run(1, async |seams| {
        let id = StoreId::new([7; 16]);
        let log = RecordLog::new(id);
        let store = Faulty::new(log.clone(), &seams);
        let leases = StoreLease::new(store.clone(), &seams);
        let mut held = acquire(&leases, "a").await;
        held.renew().await.expect("a renewal");
        held.renew().await.expect("a renewal");

        let other = RecordLog::new(id);
        let elsewhere = StoreLease::new(Faulty::new(other.clone(), &seams), &seams);
        let another = acquire(&elsewhere, "b").await;
        assert_eq!(another.epoch(), held.epoch(), "the same number");
        store.replace(other);
        let lost = held.renew().await.expect_err("the epoch is another's");
        assert!(matches!(lost, LeaseError::Lost { .. }), "{lost}");
    });
}

/// contract test 45
#[test]
fn a_lease_whose_records_were_deleted_is_lost_and_granted_anew() {
    virtual_time::run(1, async |seams| {
        let memory = Memory::with_seams(&seams);
        let leases = StoreLease::new(memory.clone(), &seams);
        let mut old = acquire(&leases, "a").await;
        let delete = Operation::Delete { key: key(), expect: Expect::Anything };
        memory.commit(Transaction::of([delete])).await.expect("a delete");
        assert!(matches!(old.renew().await, Err(LeaseError::Lost { .. })));
        let new = acquire(&leases, "b").await;
        assert_eq!(seams.now(), Instant::ORIGIN, "nobody holds it, so at once");
        assert!(new.epoch() > old.epoch() && !write(&memory, &old).await);
    });
}

#[test]
fn a_released_lease_passes_on_at_once() {
    virtual_time::run(1, async |seams| {
        let leases = StoreLease::new(Memory::with_seams(&seams), &seams);
        let held = acquire(&leases, "a").await;
        let (waiting, clock) = (leases.clone(), seams.clone());
        let passed = Arc::new(Mutex::new(None));
        let told = Arc::clone(&passed);
        seams.spawn("challenger", async move {
            let held = acquire(&waiting, "b").await;
            *told.lock() = Some((clock.now(), held));
        });
        seams.sleep(Duration::from_secs(2)).await;
        let at = seams.now();
        held.release().await.expect("a release");
        seams.sleep(Duration::from_nanos(1)).await;
        let passed = passed.lock().take().map(|(at, _)| at);
        assert_eq!(passed, Some(at));
    });
}

#[test]
fn a_challenger_waits_for_the_holders_ttl_not_for_its_own() {
    virtual_time::run(1, async |seams| {
        let leases = StoreLease::new(Memory::with_seams(&seams), &seams);
        let short = LeaseSettings::with_ttl(Duration::from_secs(1)).expect("allowed");
        let _held = acquire(&leases, "a").await;
        let _next = acquire(&leases.clone().with_settings(short), "b").await;
        assert_eq!(seams.now(), Instant::ORIGIN + TTL);
        let _last = acquire(&leases, "c").await;
        assert_eq!(seams.now(), Instant::ORIGIN + TTL + Duration::from_secs(1));
    });
}

#[test]
fn a_missing_right_ends_the_waiting() {
    virtual_time::run(1, async |seams| {
        let (store, leases) = faulty(&seams);
        store.fail([Fault::Denied]);
        let denied = leases.acquire("one", "a").await.expect_err("no right");
        assert_eq!(denied.to_string(), "denied: writing leases");
        let mut held = acquire(&leases, "a").await;
        store.fail([Fault::Denied]);
        assert!(matches!(held.renew().await, Err(LeaseError::Denied { .. })));
    });
}

#[test]
fn names_that_cannot_stand_in_a_record_are_invalid() {
    virtual_time::run(1, async |seams| {
        let leases = StoreLease::new(Memory::with_seams(&seams), &seams);
        for holder in ["", "a\"b", "a\\b", "a\nb", &"a".repeat(254)] {
            let error = leases.acquire("one", holder).await.expect_err(holder);
            assert!(matches!(&error, LeaseError::Invalid(invalid) if invalid.field == "holder"), "{error}");
        }
        let error = leases.acquire("..", "a").await.expect_err("a name that is not allowed");
        assert!(matches!(&error, LeaseError::Invalid(invalid) if invalid.field == "name"), "{error}");
        assert!(leases.watch("").is_err());
    });
}

#[test]
fn a_watch_tells_each_holder_once_and_goes_on_through_an_outage() {
    virtual_time::run(1, async |seams| {
        let (store, leases) = faulty(&seams);
        let mut watch = leases.watch("one").expect("a watch");
        assert_eq!(watch.next().await.expect("known"), None);
        let mut a = acquire(&leases, "a").await;
        let holder = watch.next().await.expect("known").expect("somebody");
        assert_eq!((holder.name.as_str(), holder.epoch), ("a", a.epoch()));
        a.renew().await.expect("a renewal");
        store.set_away(true);
        let sight = seams.clone();
        let back = store.clone();
        seams.spawn("repair", async move {
            sight.sleep(Duration::from_secs(30)).await;
            back.set_away(false);
        });
        seams.sleep(Duration::from_secs(31)).await;
        a.release().await.expect("a release");
        assert_eq!(watch.next().await.expect("known"), None, "beats and outages are no change of holder");
        let _other = acquire(&leases, "other").await;
        assert_eq!(watch.next().await.expect("known").map(|holder| holder.name), Some("other".into()));
    });
}

/// The records are those of an entry, and what others put into its header outlives every term.
#[test]
fn the_header_of_a_lease_is_kept_through_its_terms() {
    virtual_time::run(1, async |seams| {
        let memory = Memory::with_seams(&seams);
        let leases = StoreLease::new(memory.clone(), &seams);
        let mut held = acquire(&leases, "a").await;
        held.renew().await.expect("a renewal");
        held.release().await.expect("a release");
        let lines = async || {
            let (_, records) = memory.read(&[key()]).await.expect("open");
            let text =
                |record: &trimtab_backend::Record| String::from_utf8(record.value.to_vec()).expect("text");
            records.iter().map(text).collect::<Vec<_>>()
        };
        let [epoch, beat] = &lines().await[..] else { panic!("two records") };
        let uid = &epoch[14..50];
        assert!(uid.parse::<trimtab_backend::Uid>().is_ok(), "{epoch}");
        assert!(
            epoch.contains("\"generation\":1,\"created_at\":\"2026-01-01T00:00:00Z\"}\n{\"holder\":null,"),
            "{epoch}"
        );
        assert!(
            beat.starts_with(&format!("{{\"f\":1,\"uid\":\"{uid}\",\"observed_generation\":1}}\n")),
            "{beat}"
        );

        let labelled = epoch.replacen("\"generation\"", "\"labels\":{\"tier\":\"1\"},\"generation\"", 1);
        let put =
            Operation::Put { key: key(), part: Part::Spec, value: labelled.into(), expect: Expect::Anything };
        memory.commit(Transaction::of([put])).await.expect("an edit");
        let _held = acquire(&leases, "b").await;
        let epoch = &lines().await[0];
        assert!(epoch.contains("\"tier\":\"1\"") && epoch.contains("{\"holder\":\"b\","), "{epoch}");
    });
}

#[test]
fn settings_are_checked() {
    let ttl = |millis| LeaseSettings::with_ttl(Duration::from_millis(millis));
    assert_eq!(LeaseSettings::default(), ttl(10_000).expect("the default"));
    assert_eq!(LeaseSettings::default().renew_deadline(), DEADLINE);
    assert!(ttl(30).is_ok() && ttl(29).is_err() && ttl(86_400_000).is_ok() && ttl(86_400_001).is_err());
    let renewed = |every, deadline| {
        LeaseSettings::default().renewed(Duration::from_millis(every), Duration::from_millis(deadline))
    };
    assert!(renewed(1, 9_999).is_ok() && renewed(4_000, 4_001).is_ok());
    assert!(renewed(0, 5_000).is_err() && renewed(5_000, 5_000).is_err() && renewed(1, 10_000).is_err());
    assert_eq!(ttl(0).expect_err("zero").field, "ttl");
}

/// Two runs with one seed take the same steps; another seed takes others.
#[test]
fn a_story_of_leases_is_the_same_for_the_same_seed() {
    let trace = |seed| {
        virtual_time::run_traced(seed, async |seams| {
            let leases = StoreLease::new(Memory::with_seams(&seams), &seams);
            for n in 0..4 {
                let leases = leases.clone();
                seams.spawn("challenger", async move {
                    loop {
                        drop(acquire(&leases, &format!("host-{n}")).await);
                    }
                });
            }
            seams.sleep(Duration::from_secs(300)).await;
        })
        .1
    };
    assert_eq!(trace(5), trace(5));
    assert_ne!(trace(5), trace(6));
}
