//! Watching over leases that one does not want.

use std::time::Duration;

use trimtab_backend::{
    Backend, CommitError, Expect, Index, Key, Memory, Operation, Part, Sighting, StoreLease, Transaction,
    Vigil,
};
use trimtab_seams::{Seams, virtual_time};

use super::{TTL, acquire, faulty, write};

/// Which of these lives are over, once one is; none if that is not within the time.
async fn over_within(
    seams: &Seams,
    vigil: &mut Vigil,
    lives: &[(&str, Index)],
    time: Duration,
) -> Vec<(String, Index)> {
    let over = tokio::select! {
        biased;
        over = vigil.over(lives.iter().copied()) => over.expect("it can be told"),
        () = seams.sleep(time) => Vec::new(),
    };
    over.into_iter().map(|life| (life.name, life.epoch)).collect()
}

/// contract L2, guarantee L-d
#[test]
fn a_life_is_over_when_it_is_released_granted_anew_or_silent_for_its_ttl_and_not_before() {
    virtual_time::run(1, async |seams| {
        let leases = StoreLease::new(Memory::with_seams(&seams), &seams);
        let mut vigil = leases.vigil();
        let mut one = acquire(&leases, "a").await;
        let two = trimtab_backend::Leases::acquire(&leases, "two", "b").await.expect("a grant");
        let lives = [("one", one.epoch()), ("two", two.epoch())];
        assert!(over_within(&seams, &mut vigil, &lives, TTL / 2).await.is_empty());
        one.renew().await.expect("a renewal");
        let begun = seams.now();
        assert_eq!(over_within(&seams, &mut vigil, &lives, TTL).await, [("two".into(), two.epoch())]);
        assert_eq!(seams.now() - begun, TTL / 2, "just the TTL after its last beat");
        let epoch = one.epoch();
        one.release().await.expect("a release");
        assert_eq!(over_within(&seams, &mut vigil, &lives[..1], Duration::ZERO).await.len(), 1, "at once");
        let again = acquire(&leases, "a").await;
        assert_eq!(over_within(&seams, &mut vigil, &[("one", epoch)], Duration::ZERO).await.len(), 1);
        let never = [("one", again.epoch()), ("three", Index::new(1))];
        assert_eq!(
            over_within(&seams, &mut vigil, &never, Duration::ZERO).await,
            [("three".into(), Index::new(1))]
        );
    });
}

/// guarantee L-d
#[test]
fn what_is_committed_on_condition_that_a_life_is_over_deposes_nobody_who_came_back() {
    virtual_time::run(2, async |seams| {
        let (store, leases) = faulty(&seams);
        let mut vigil = leases.vigil();
        let mut held = acquire(&leases, "a").await;
        let over = vigil.over([("one", held.epoch())].into_iter()).await.expect("it can be told");
        let put = |name: &str| {
            let key = Key::new("site", name);
            let put = Operation::Put { key, part: Part::Spec, value: "{}".into(), expect: Expect::Absent };
            let [epoch, beat] = over[0].unmoved.clone();
            Transaction::of([put]).checking(epoch).checking(beat)
        };
        store.commit(put("first")).await.expect("nobody moved");
        held.renew().await.expect("nobody took over");
        assert!(matches!(store.commit(put("second")).await, Err(CommitError::Conflict(_))));
        assert!(write(&store, &held).await);
    });
}

/// contract L2
#[test]
fn nobody_is_held_responsible_for_an_outage() {
    virtual_time::run(3, async |seams| {
        let (store, leases) = faulty(&seams);
        let mut vigil = leases.vigil();
        let mut held = acquire(&leases, "a").await;
        let life = [("one", held.epoch())];
        assert!(over_within(&seams, &mut vigil, &life, TTL / 2).await.is_empty());
        store.set_away(true);
        assert!(over_within(&seams, &mut vigil, &life, 3 * TTL).await.is_empty());
        store.set_away(false);
        assert!(over_within(&seams, &mut vigil, &life, TTL / 2).await.is_empty());
        held.renew().await.expect("nobody took over");
        assert!(over_within(&seams, &mut vigil, &life, TTL / 2).await.is_empty());
    });
}

/// What is seen at the next news.
async fn seen(vigil: &mut Vigil) -> Vec<Sighting> {
    vigil.news().await.expect("it can be told");
    vigil.held().collect()
}

#[test]
fn who_holds_what_and_says_what_of_itself_is_seen_and_so_is_each_end_and_each_beat() {
    virtual_time::run(5, async |seams| {
        let store = Memory::with_seams(&seams);
        let leases = StoreLease::new(store.clone(), &seams);
        let mut one = acquire(&leases.clone().with_about(r#"{"api":"http://a"}"#), "a").await;
        let mut vigil = leases.vigil();
        let first = seen(&mut vigil).await.remove(0);
        assert_eq!((first.name.as_str(), first.holder.name.as_str(), first.is_over), ("one", "a", false));
        assert_eq!(
            (first.holder.epoch, first.about.as_deref()),
            (one.epoch(), Some(r#"{"api":"http://a"}"#))
        );
        assert_eq!(first.beat, None);
        seams.sleep(TTL / 2).await;
        one.renew().await.expect("a renewal");
        let (begun, beaten) = (seams.now(), seen(&mut vigil).await.remove(0));
        assert!(beaten.beat.is_some() && !beaten.is_over);
        let silent = seen(&mut vigil).await.remove(0);
        assert_eq!((silent.is_over, seams.now() - begun), (true, TTL), "without being asked again");
        assert_eq!(Sighting { is_over: false, ..silent }, beaten, "nothing else has changed");
        one.renew().await.expect("nobody took over");
        assert!(!seen(&mut vigil).await[0].is_over, "it lives after all");
        one.remove().await.expect("its records");
        assert!(seen(&mut vigil).await.is_empty());
        let key = Key::new("trimtab.lease", "one");
        assert!(store.read(&[key]).await.expect("memory reads").1.is_empty(), "nothing is left of it");
        let two = acquire(&leases, "b").await;
        assert_eq!(seen(&mut vigil).await[0].about, None);
        two.release().await.expect("a release");
        assert!(seen(&mut vigil).await.is_empty(), "its record stays, and nobody holds it");
    });
}

#[test]
fn who_slept_hears_all_that_was_told_meanwhile_before_it_calls_anybody_silent() {
    virtual_time::run(7, async |seams| {
        let leases = StoreLease::new(Memory::with_seams(&seams), &seams);
        let mut one = acquire(&leases, "a").await;
        let mut two = trimtab_backend::Leases::acquire(&leases, "two", "b").await.expect("a grant");
        let mut vigil = leases.vigil();
        assert_eq!(seen(&mut vigil).await.len(), 2);
        for _ in 0..4 {
            seams.sleep(TTL / 3).await;
            one.renew().await.expect("a renewal");
            two.renew().await.expect("a renewal");
        }
        // Nobody has asked the vigil for longer than the TTL.
        for _ in 0..8 {
            let seen = seen(&mut vigil).await;
            assert!(seen.iter().all(|lease| !lease.is_over), "{seen:?}");
        }
        let begun = seams.now();
        assert!(seen(&mut vigil).await.iter().any(|lease| lease.is_over));
        assert_eq!(seams.now() - begun, TTL, "now they are");
    });
}

#[test]
fn news_of_an_outage_is_that_what_is_seen_is_old() {
    virtual_time::run(6, async |seams| {
        let (store, leases) = faulty(&seams);
        let mut vigil = leases.vigil();
        assert!(seen(&mut vigil).await.is_empty() && vigil.is_live());
        store.set_away(true);
        seen(&mut vigil).await;
        assert!(!vigil.is_live());
        store.set_away(false);
        seen(&mut vigil).await;
        assert!(vigil.is_live());
    });
}
