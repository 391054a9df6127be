//! Holding a lease: how long it is valid, and what renewal and release do when the store fails.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use trimtab_backend::{
    Backend, Expect, LeaseError, LeaseSettings, Leases, Memory, Operation, RecordLog, StoreId, StoreLease,
    Transaction,
};
use trimtab_seams::{Clock, Instant, Seams, Timer, virtual_time};

use super::faulty::{Fault, Faulty};
use super::{DEADLINE, TTL, acquire, faulty, key, write};

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
        store.fail([Fault::Slow(Duration::from_secs(3600)); 100]);
        assert!(matches!(held.renew().await, Err(LeaseError::Unavailable(_))));
        assert_eq!(seams.now(), held.valid_until());
    });
}

/// What was given to a leader of the store that then died was answered by a time-out, after the deadline.
/// contract L3, test 50
#[test]
fn a_renewal_that_hangs_is_tried_again_beside_and_the_first_answer_counts() {
    virtual_time::run(1, async |seams| {
        let (store, leases) = faulty(&seams);
        let mut held = acquire(&leases, "a").await;
        seams.sleep_until(held.renew_at()).await;
        let (due, room) = (seams.now(), held.valid_until() - seams.now());
        store.fail([Fault::Slow(Duration::from_secs(3600)); 2]);
        held.renew().await.expect("the third try");
        assert_eq!(seams.now(), due + room / 4 * 2);
        assert_eq!(held.valid_until(), seams.now() + DEADLINE);
        // Slow, but not dead: the first is answered before those that came after it, and is what validity counts from.
        let sent = seams.now();
        store.fail([Fault::Slow(room), Fault::Slow(3 * room), Fault::Slow(3 * room), Fault::Slow(3 * room)]);
        held.renew().await.expect("the first try");
        assert_eq!((seams.now(), held.valid_until()), (sent + room, sent + DEADLINE));
    });
}

/// contract L4
#[test]
fn validity_counts_from_before_the_request_left() {
    virtual_time::run(1, async |seams| {
        let (store, leases) = faulty(&seams);
        let slow = Duration::from_secs(2);
        store.fail([Fault::Slow(slow); 10]);
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

/// contract U3
///
/// What happened shows at the next try: a claim that landed is held by somebody whom nobody knows, until its TTL has passed.
#[test]
fn what_will_never_be_told_costs_a_ttl_at_most() {
    virtual_time::run(1, async |seams| {
        let (store, leases) = faulty(&seams);
        store.fail([Fault::NeverTold]);
        let begun = seams.now();
        let mut held = acquire(&leases, "a").await;
        assert!(seams.now() - begun >= TTL && seams.now() - begun < TTL * 2, "{:?}", seams.now() - begun);
        store.fail([Fault::NeverTold]);
        held.renew().await.expect("a renewal");
        assert!(held.is_valid() && write(&store, &held).await);
        store.fail([Fault::NeverTold]);
        let held_epoch = held.epoch();
        assert!(matches!(held.release().await, Err(LeaseError::Lost { .. })), "it had been released");
        let next = acquire(&leases, "b").await;
        assert!(next.epoch() > held_epoch, "granted to another at once");
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

/// guarantee L-b, fault F23
#[test]
fn steps_of_the_wall_clock_change_nothing() {
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

/// A store that loses every request and says so at once was asked as fast as it answered: the loop between "not applied" and the next try had
/// no wait in it.
/// guarantee R-f, fault F7
#[test]
fn a_renewal_that_never_arrives_is_tried_again_more_and_more_slowly() {
    virtual_time::run(1, async |seams| {
        let (store, leases) = faulty(&seams);
        let mut held = acquire(&leases, "a").await;
        let before = store.asked().0;
        store.fail([Fault::RequestLost; 1000]);
        assert!(matches!(held.renew().await, Err(LeaseError::Unavailable(_))));
        assert_eq!(seams.now(), held.valid_until());
        let tries = store.asked().0 - before;
        assert!((2..20).contains(&tries), "{tries}");
    });
}

/// With twenty kills of a store's leader, a lease of 10 s was nobody's for up to 0.3 s after elections of 2 s: the waits between tries had grown past its end.
/// contract L3, test 50
#[test]
fn a_store_that_is_back_before_the_deadline_is_found_before_it() {
    for seed in 0..50 {
        virtual_time::run(seed, async |seams| {
            let (store, leases) = faulty(&seams);
            let mut held = acquire(&leases, "a").await;
            let until = held.valid_until();
            let room = until - held.renew_at();
            seams.sleep_until(held.renew_at()).await;
            store.set_away(true);
            let back = async {
                seams.sleep_until(until - room / 4).await;
                store.set_away(false);
            };
            let (renewed, ()) = tokio::join!(held.renew(), back);
            renewed.expect("a renewal");
            assert!(seams.now() < until, "{:?} too late", seams.now() - until);
        });
    }
}
