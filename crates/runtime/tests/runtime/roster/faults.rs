//! The roster through everything that happens to replicas at random.

use std::time::Duration;

use trimtab_runtime::ReplicaState;
use trimtab_seams::{Instant, Random as _, Seeded};

use super::{BOUND, TTL, There};
use crate::world::{NextCommit, SECOND, World, world};

/// A replica, and since when nothing has been in its way.
struct Tried {
    there: There,
    well_since: Option<Instant>,
    ill_since: Option<Instant>,
}

/// How long after the last trouble a replica must be seen as it is: it wakes, tries again, and is heard.
const RECOVERY: Duration = TTL;

impl Tried {
    async fn start(w: &World, name: usize) -> Self {
        let there = There::named(w, &format!("r{name}")).await;
        Self { there, well_since: Some(w.seams.now()), ill_since: None }
    }

    fn is_well(&mut self, now: Instant, well: bool) {
        if well != self.well_since.is_some() {
            (self.well_since, self.ill_since) = if well { (Some(now), None) } else { (None, Some(now)) };
        }
    }

    fn has_been_well(&self, now: Instant) -> bool {
        self.well_since.is_some_and(|since| now - since > RECOVERY + TTL + BOUND)
    }

    fn has_been_ill(&self, now: Instant) -> bool {
        self.ill_since.is_some_and(|since| now - since > TTL + BOUND)
    }
}

#[test]
fn whoever_is_well_is_never_called_dead_and_whoever_is_not_is_by_all_who_are() {
    let (mut alive, mut silent) = (0, 0);
    for seed in 0..40 {
        world(seed, async |w| {
            let random = Seeded::new(seed ^ 0x0705);
            let below = |most: u64| usize::try_from(random.next_u64() % most).expect("small");
            let mut all = Vec::new();
            for name in 0..4 {
                all.push(Tried::start(&w, name).await);
            }
            for _ in 0..80 {
                w.sleep(w.seams.random_below(TTL)).await;
                let (now, at) = (w.seams.now(), below(4));
                let one = &mut all[at];
                match below(8) {
                    0 => {
                        one.there.ice.set(true);
                        one.is_well(now, false);
                    }
                    1 => {
                        one.there.backend.cut(true);
                        one.is_well(now, false);
                    }
                    2 => one.there.backend.next_commit(NextCommit::AppliedButUnknown),
                    3 => one.there.backend.next_commit(NextCommit::LostAndUnknown),
                    4 if one.well_since.is_some() => {
                        let new = Tried::start(&w, at).await;
                        std::mem::replace(one, new).there.stop().await;
                    }
                    // Killed, and started again under its name.
                    5 => {
                        one.there.ice.set(true);
                        *one = Tried::start(&w, at).await;
                    }
                    _ => {
                        one.there.ice.set(false);
                        one.there.backend.cut(false);
                        one.is_well(now, true);
                    }
                }
                for observer in all.iter().filter(|one| one.has_been_well(now)) {
                    let seen = observer.there.roster.replicas();
                    for one in &all {
                        let state = seen.iter().find(|other| other.id == one.there.roster.id());
                        let state = state.map(|other| other.state);
                        if one.has_been_well(now) {
                            assert_eq!(state, Some(ReplicaState::Alive), "seed {seed}");
                            alive += 1;
                        } else if one.has_been_ill(now) {
                            assert!(
                                matches!(state, None | Some(ReplicaState::Silent)),
                                "seed {seed}: {state:?}"
                            );
                            silent += 1;
                        }
                    }
                }
            }
            for one in &all {
                one.there.ice.set(false);
                one.there.backend.cut(false);
            }
            w.sleep(3 * TTL + SECOND).await;
            let there: Vec<_> = (0..4).map(|name| (format!("r{name}"), ReplicaState::Alive)).collect();
            for one in &all {
                assert_eq!(one.there.sees(), there, "seed {seed}: in the end all is as it is");
                assert!(one.there.roster.reasons().is_empty(), "{:?}", one.there.roster.reasons());
            }
        });
    }
    assert!(alive > 1_000 && silent > 500, "{alive} and {silent} looks are not worth the name");
}
