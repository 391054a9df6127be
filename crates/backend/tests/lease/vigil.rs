//! Watching over leases that one does not want.

use std::time::Duration;

use trimtab_backend::{
    Backend, CommitError, Expect, Index, Key, Memory, Operation, Part, StoreLease, Transaction, Vigil,
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
