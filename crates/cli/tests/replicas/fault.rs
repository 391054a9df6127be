//! What is done to replicas and to the store, in an order and at times that a seed gives.

use std::fmt;
use std::time::Duration;

use trimtab::seams::{Random, Seeded};

use crate::time::Moment;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Happening {
    /// kill -9 of the leading replica.
    Killed,
    /// kill -9 of the store's leader.
    StoreKilled,
    /// A replica, leading or not, is refused by the store.
    CutOff,
    /// What it and the store send each other is lost.
    Unheard,
    /// What it and the store send each other arrives when it is over.
    HeldUp,
    /// SIGSTOP of the leading replica, and SIGCONT.
    Frozen,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) what: Happening,
    /// To which life of which replica: `a.2`.
    pub(crate) life: Option<String>,
    /// To which member of the store.
    pub(crate) member: Option<usize>,
    pub(crate) from: Moment,
    /// When it was undone.
    pub(crate) until: Moment,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Planned {
    pub(crate) what: Happening,
    /// To the replica that leads, or to one that does not.
    pub(crate) leading: bool,
    /// After the load began.
    pub(crate) at: Duration,
    pub(crate) lasts: Duration,
}

impl Fault {
    /// The name of the replica.
    pub(crate) fn replica(&self) -> Option<&str> {
        Some(self.life.as_deref()?.split_once('.')?.0)
    }

    /// Whether work of this life may be going on although it cannot know that it should not.
    pub(crate) fn excuses(&self, life: &str, at: Moment) -> bool {
        let whole = match self.what {
            // Its scripts live on.
            Happening::Killed => self.from <= at,
            Happening::Frozen => self.from <= at && at <= self.until,
            Happening::StoreKilled | Happening::CutOff | Happening::Unheard | Happening::HeldUp => false,
        };
        whole && self.life.as_deref() == Some(life)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let life = self.life.as_deref().unwrap_or("nobody");
        match (self.what, self.member) {
            (Happening::Killed, _) => write!(f, "kill -9 of replica {life}"),
            (Happening::StoreKilled, Some(member)) => {
                write!(f, "kill -9 of the store's leader, member {member}")
            }
            (Happening::StoreKilled, None) => write!(f, "kill -9 of the store's leader"),
            (Happening::CutOff, _) => write!(f, "replica {life} is refused by the store"),
            (Happening::Unheard, _) => write!(f, "nothing passes between replica {life} and the store"),
            (Happening::HeldUp, _) => write!(f, "all is held up between replica {life} and the store"),
            (Happening::Frozen, _) => write!(f, "SIGSTOP of replica {life}"),
        }
    }
}

const PARTITIONS: [Happening; 3] = [Happening::CutOff, Happening::Unheard, Happening::HeldUp];

/// Rounds of all four, each in an order of its own, spread over the time of the load.
pub(crate) fn plan(seed: u64, load: Duration, ttl: Duration) -> Vec<Planned> {
    const EACH: u32 = 15;
    let random = Seeded::new(seed);
    let below = |bound: u64| random.next_u64() % bound;
    let slots = u32::try_from(load.as_secs()).expect("not for ever") / EACH;
    let mut planned = Vec::new();
    let mut order = Vec::new();
    for slot in 0..slots {
        if order.is_empty() {
            let partition = PARTITIONS[usize::try_from(below(3)).expect("a small number")];
            order = vec![Happening::Killed, Happening::StoreKilled, partition, Happening::Frozen];
        }
        let place = usize::try_from(below(order.len() as u64)).expect("a small number");
        let what = order.swap_remove(place);
        let is_partition = PARTITIONS.contains(&what);
        let lasts = match what {
            Happening::Killed => ttl + Duration::from_millis(500 + below(2000)),
            Happening::StoreKilled => Duration::from_millis(3000 + below(2000)),
            _ => ttl * 2,
        };
        let at = Duration::from_secs(u64::from(slot * EACH)) + Duration::from_millis(500 + below(1500));
        planned.push(Planned { what, leading: !is_partition || below(2) == 0, at, lasts });
    }
    planned
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);
    const TTL: Duration = Duration::from_secs(3);

    #[test]
    fn a_minute_has_each_fault_once_and_a_seed_always_gives_the_same() {
        let orders: std::collections::BTreeSet<_> = (0..100)
            .map(|seed| {
                let planned = plan(seed, MINUTE, TTL);
                assert_eq!(planned, plan(seed, MINUTE, TTL));
                let count =
                    |wanted: &[Happening]| planned.iter().filter(|it| wanted.contains(&it.what)).count();
                assert_eq!((planned.len(), count(&PARTITIONS), count(&[Happening::Frozen])), (4, 1, 1));
                assert_eq!((count(&[Happening::Killed]), count(&[Happening::StoreKilled])), (1, 1));
                planned.iter().map(|planned| format!("{:?}", planned.what)).collect::<Vec<_>>()
            })
            .collect();
        assert!(orders.len() > 20, "orders differ: {}", orders.len());
    }

    #[test]
    fn one_is_undone_before_the_next_begins() {
        for seed in 0..100 {
            for pair in plan(seed, MINUTE * 10, TTL).windows(2) {
                assert!(pair[0].at + pair[0].lasts + TTL < pair[1].at, "{pair:?}");
            }
        }
    }

    #[test]
    fn only_who_cannot_know_better_is_excused() {
        let fault = |what| Fault {
            what,
            life: Some("a.1".into()),
            member: None,
            from: Moment(1000),
            until: Moment(2000),
        };
        let frozen = fault(Happening::Frozen);
        assert!(frozen.excuses("a.1", Moment(1500)) && !frozen.excuses("a.1", Moment(2500)));
        assert!(!frozen.excuses("a.2", Moment(1500)));
        assert!(fault(Happening::Killed).excuses("a.1", Moment(2500)));
        assert!(!fault(Happening::CutOff).excuses("a.1", Moment(1500)));
    }
}
