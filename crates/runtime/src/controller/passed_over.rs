//! Keys of other replicas that have no entry.
//!
//! Who takes a key over finds it by its entry. An entry that has ended is not found: had the key's owner not come to it before it fell silent, nobody ever would. So each
//! replica remembers for a while which keys without an entry it has passed over, and runs those that become its own. Whoever joined later was not told;
//! what must be done at an entry's end for certain takes a finalizer, as ever.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use parking_lot::Mutex;
use trimtab_backend::Key;
use trimtab_seams::Instant;

/// Longer than any group needs to take out who has fallen silent, and short enough that it seldom runs what was answered.
const KEEP: Duration = Duration::from_secs(600);
/// Never more; the oldest are forgotten first.
const MOST: usize = 1 << 14;

#[derive(Debug, Default)]
pub(super) struct PassedOver(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    since: BTreeMap<Key, Instant>,
    in_order: VecDeque<(Instant, Key)>,
}

impl PassedOver {
    pub(super) fn note(&self, key: &Key, now: Instant) {
        let mut kept = self.0.lock();
        kept.since.insert(key.clone(), now);
        kept.in_order.push_back((now, key.clone()));
        while kept.in_order.front().is_some_and(|(since, _)| now - *since > KEEP)
            || kept.in_order.len() > MOST
        {
            let Some((since, key)) = kept.in_order.pop_front() else { break };
            // Passed over again since: that one counts.
            if kept.since.get(&key) == Some(&since) {
                kept.since.remove(&key);
            }
        }
    }

    /// Takes out those that are wanted.
    pub(super) fn take(&self, wanted: impl Fn(&Key) -> bool) -> Vec<Key> {
        let mut kept = self.0.lock();
        let taken: Vec<_> = kept.since.keys().filter(|key| wanted(key)).cloned().collect();
        for key in &taken {
            kept.since.remove(key);
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Instant {
        Instant::ORIGIN + Duration::from_secs(seconds)
    }

    fn key(n: usize) -> Key {
        Key::new("site", &n.to_string())
    }

    #[test]
    fn it_is_kept_for_a_while_counted_from_the_last_time_and_taken_once() {
        let passed = PassedOver::default();
        passed.note(&key(1), at(0));
        passed.note(&key(2), at(0));
        passed.note(&key(1), at(500));
        passed.note(&key(3), at(700));
        assert_eq!(passed.take(|_| true), [key(1), key(3)]);
        assert!(passed.take(|_| true).is_empty());
    }

    #[test]
    fn memory_is_bounded_by_a_number() {
        let passed = PassedOver::default();
        (0..2 * MOST).for_each(|n| passed.note(&key(n), at(1)));
        assert_eq!(passed.0.lock().in_order.len(), MOST);
        assert_eq!(passed.take(|_| true).len(), MOST);
    }
}
