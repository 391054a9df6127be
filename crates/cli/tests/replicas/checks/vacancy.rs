//! How long a lease, or a share of a group's keys, was nobody's.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::fault::{Fault, Happening};
use crate::history::{Change, Member, What};
use crate::time::Moment;

/// How long a lease, or a share of a group's keys, was without an owner that could act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vacancy {
    /// Whoever owned it went on doing so, or owned nothing.
    None,
    For(Duration),
    /// It had none until the next fault.
    ToTheEnd,
}

/// How long what the struck one had owned had no owner, from the records in the store. It has none from the fault, or from the last renewal of who owned it when that was
/// later; a lease until it is acquired, a share of keys until all members of a map without the one have adopted it. When the store was struck, whoever
/// lost something by it counts.
pub(crate) fn vacancy(history: &[Change], kind: &str, fault: &Fault, until: Moment) -> Vacancy {
    let before = || {
        history.iter().filter(|change| change.seen <= fault.from).map(|change| (change.index, &change.what))
    };
    let after = history.iter().filter(|change| fault.from < change.seen && change.seen <= until);
    let is_struck = |replica: &str| fault.what == Happening::StoreKilled || fault.replica() == Some(replica);
    let mut holders = before().filter_map(|(_, what)| match what {
        What::Held { lease, replica } if lease == kind => Some(replica.as_deref()),
        _ => None,
    });
    let mut maps = before().filter_map(|(index, what)| match what {
        What::Mapped { group, members } if group == kind => Some((index, &**members)),
        _ => None,
    });
    let refilled = if let Some(holder) = holders.next_back() {
        if !holder.is_some_and(is_struck) {
            return Vacancy::None;
        }
        acquired(after, kind, fault.from)
    } else if let Some((version, members)) = maps.next_back() {
        let struck = members.iter().filter(|member| is_struck(&member.replica));
        let owned: BTreeMap<_, _> = struck.map(|member| (&*member.lease, fault.from)).collect();
        if owned.is_empty() {
            return Vacancy::None;
        }
        shared_out(after, kind, owned, (version, members))
    } else {
        return Vacancy::None;
    };
    match refilled {
        Some(time) => Vacancy::For(time),
        None if fault.what == Happening::StoreKilled => Vacancy::None,
        None => Vacancy::ToTheEnd,
    }
}

fn acquired<'a>(after: impl Iterator<Item = &'a Change>, kind: &str, mut since: Moment) -> Option<Duration> {
    for Change { seen, what, .. } in after {
        match what {
            What::Renewed { lease } if lease == kind => since = since.max(*seen),
            What::Held { lease, replica: Some(_) } if lease == kind => return Some(seen.since(since)),
            _ => {}
        }
    }
    None
}

/// `owned`: the leases whose share is looked at, and since when each was not renewed.
fn shared_out<'a>(
    after: impl Iterator<Item = &'a Change>,
    kind: &str,
    mut owned: BTreeMap<&'a str, Moment>,
    mut map: (u64, &'a [Member]),
) -> Option<Duration> {
    for Change { index, seen, what } in after {
        match what {
            What::Renewed { lease } => {
                if let Some(since) = owned.get_mut(&**lease) {
                    *since = *seen;
                }
            }
            What::Mapped { group, members } if group == kind => map = (*index, members),
            What::Adopted { group, versions } if group == kind => {
                let (version, members) = map;
                let is_member = |lease: &str| members.iter().any(|member| member.lease == lease);
                let gone = owned.iter().filter(|(lease, _)| !is_member(lease)).map(|(_, since)| *since);
                let is_settled = members.iter().all(|member| versions.get(&member.lease) == Some(&version));
                if let (true, Some(since)) = (is_settled, gone.min()) {
                    return Some(seen.since(since));
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::made_up::{adopted, commit, fault, held, mapped, second};
    use super::*;

    fn seconds(n: u64) -> Vacancy {
        Vacancy::For(Duration::from_secs(n))
    }

    #[test]
    fn a_lease_is_vacant_from_the_fault_until_it_is_acquired() {
        let history = [held(1, "led", Some("a")), held(7, "led", Some("b")), held(9, "led", Some("a"))];
        let of = |life, until| vacancy(&history, "led", &fault(Happening::Killed, life, 3, 4), second(until));
        assert_eq!(of("a.1", 20), seconds(4));
        assert_eq!(of("a.1", 6), Vacancy::ToTheEnd);
        assert_eq!(of("b.1", 6), Vacancy::None, "it did not hold it");
        let store = Fault { life: None, ..fault(Happening::StoreKilled, "", 3, 4) };
        assert_eq!(vacancy(&history, "led", &store, second(20)), seconds(4));
        assert_eq!(vacancy(&history, "led", &store, second(6)), Vacancy::None, "nobody lost it");
    }

    #[test]
    fn who_renews_is_there() {
        let renewed = |index, lease: &str| commit(index, What::Renewed { lease: lease.into() });
        let store = Fault { life: None, ..fault(Happening::StoreKilled, "", 3, 4) };
        let history =
            [held(1, "led", Some("a")), renewed(5, "led"), renewed(6, "other"), held(9, "led", Some("b"))];
        assert_eq!(vacancy(&history, "led", &store, second(20)), seconds(4));
        let history = [
            mapped(1, "shared", &["a", "b"]),
            adopted(2, "shared", &[("a", 1), ("b", 1)]),
            renewed(5, "shared.a"),
            renewed(6, "shared.b"),
            mapped(8, "shared", &["b"]),
            adopted(9, "shared", &[("b", 8)]),
        ];
        assert_eq!(vacancy(&history, "shared", &store, second(20)), seconds(4));
        assert_eq!(vacancy(&history, "shared", &store, second(8)), Vacancy::None);
        let joined = [
            mapped(1, "shared", &["a"]),
            mapped(5, "shared", &["a", "b"]),
            adopted(7, "shared", &[("a", 5), ("b", 5)]),
        ];
        assert_eq!(vacancy(&joined, "shared", &store, second(20)), Vacancy::None, "nobody lost anything");
    }

    #[test]
    fn a_share_is_vacant_until_all_who_are_left_have_adopted_a_map_without_the_one() {
        let history = [
            mapped(1, "shared", &["a", "b", "c"]),
            adopted(2, "shared", &[("a", 1), ("b", 1), ("c", 1)]),
            adopted(5, "shared", &[("a", 1), ("b", 1), ("c", 1)]),
            mapped(6, "shared", &["b", "c"]),
            adopted(7, "shared", &[("b", 6), ("c", 1)]),
            adopted(8, "shared", &[("b", 6), ("c", 6)]),
        ];
        let of =
            |life, until| vacancy(&history, "shared", &fault(Happening::Killed, life, 3, 4), second(until));
        assert_eq!(of("a.1", 20), seconds(5));
        assert_eq!(of("a.1", 7), Vacancy::ToTheEnd, "one still goes by the old map");
        assert_eq!(of("d.1", 20), Vacancy::None);
    }
}
