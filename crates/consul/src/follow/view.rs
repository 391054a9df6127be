//! What a follower holds of its scope: no values, only which lives there are and how far each has come.

use hashbrown::{HashMap, HashSet};
use trimtab_backend::{Index, Key, KindName, Part, Record, RecordChange, ResetReason, Scope};
use trimtab_seams::HashState;

use crate::lanes::{Told, Value};

/// The scope as it was told.
#[derive(Debug)]
pub(super) struct View {
    scope: Scope,
    entries: HashMap<Key, Halves, HashState>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Halves {
    spec: Option<Life>,
    status: Option<Life>,
}

/// Which life of a record, and its last version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Life {
    created: Index,
    version: Index,
}

/// Records that were read because a commit did not carry them.
pub(super) type Fetched = HashMap<(Key, Part), Record, HashState>;

/// How a view differs from the store.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Difference {
    /// By these changes, which nobody told.
    Changes(Vec<RecordChange>),
    /// All entries of a kind are gone, and its sentinel with them: whether they are there cannot be said (contract F7).
    Unreadable(KindName),
    /// A record is older than it was.
    WentBack,
}

impl Halves {
    fn half(&mut self, part: Part) -> &mut Option<Life> {
        match part {
            Part::Spec => &mut self.spec,
            Part::Status => &mut self.status,
        }
    }

    /// What a delete of both names.
    fn created(&self) -> Index {
        self.spec.map_or(Index::ZERO, |spec| spec.created)
    }
}

impl Life {
    const fn of(record: &Record) -> Self {
        Self { created: record.created, version: record.version }
    }
}

impl View {
    pub(super) fn of(scope: &Scope, records: &[Record]) -> Self {
        let mut view = Self { scope: scope.clone(), entries: HashMap::default() };
        for record in records {
            view.put(record);
        }
        view
    }

    fn put(&mut self, record: &Record) {
        *self.entries.entry(record.key.clone()).or_default().half(record.part) = Some(Life::of(record));
    }

    /// The records that must be read to tell a commit: those it does not carry, and those it wrote over what is not in the view.
    pub(super) fn wanted(&self, changes: &[Told]) -> Vec<(Key, Part)> {
        let wanted = changes.iter().filter_map(|told| match told {
            Told::Put { key, part, new, value } if self.scope.contains(key) => {
                let known = *new || self.life(key, *part).is_some();
                (!known || *value == Value::Apart).then(|| (key.clone(), *part))
            }
            _ => None,
        });
        wanted.collect()
    }

    fn life(&self, key: &Key, part: Part) -> Option<Life> {
        *self.entries.get(key).copied().unwrap_or_default().half(part)
    }

    /// What a commit changes in the scope.
    ///
    /// # Errors
    /// When a record that it did not carry was written again since.
    pub(super) fn apply(
        &mut self,
        index: Index,
        changes: Vec<Told>,
        fetched: &Fetched,
    ) -> Result<Vec<RecordChange>, ResetReason> {
        let mut told = Vec::new();
        for change in changes {
            match change {
                Told::Delete(key) => {
                    // What was born and gone without having been told is not told now.
                    if let Some(halves) = self.entries.remove(&key) {
                        told.push(RecordChange::Delete { key, created: halves.created() });
                    }
                }
                Told::Put { key, part, new, value } => {
                    if !self.scope.contains(&key) {
                        continue;
                    }
                    let before = self.life(&key, part);
                    if new && before.is_some() && part == Part::Spec {
                        // Somebody has deleted it past us.
                        let halves = self.entries.remove(&key).unwrap_or_default();
                        told.push(RecordChange::Delete { key: key.clone(), created: halves.created() });
                    }
                    let read = || {
                        fetched.get(&(key.clone(), part)).filter(|record| record.version == index).cloned()
                    };
                    let record = match (new, before, value) {
                        (true, _, Value::Carried(value)) => {
                            Record { key, part, value, created: index, version: index }
                        }
                        (false, Some(Life { created, .. }), Value::Carried(value)) => {
                            Record { key, part, value, created, version: index }
                        }
                        _ => read().ok_or(ResetReason::Overflow)?,
                    };
                    self.put(&record);
                    told.push(RecordChange::Put(record));
                }
            }
        }
        Ok(told)
    }

    /// Compares with all records of the scope as they are, and takes them over.
    pub(super) fn compare(
        &mut self,
        records: Vec<Record>,
        sentinels: &HashSet<KindName, HashState>,
    ) -> Difference {
        let mut now = Self::of(&self.scope, &records);
        let (mut changes, mut born) = (Vec::new(), HashSet::with_hasher(HashState::default()));
        for (key, before) in &self.entries {
            let after = now.entries.get(key).copied().unwrap_or_default();
            let pairs = [(before.spec, after.spec), (before.status, after.status)];
            let went_back = |(before, after): (Option<Life>, Option<Life>)| {
                before.zip(after).is_some_and(|(before, after)| {
                    after.created < before.created || after.version < before.version
                })
            };
            if pairs.into_iter().any(went_back) {
                return Difference::WentBack;
            }
            let ended = |(before, after): (Option<Life>, Option<Life>)| {
                before.is_some_and(|before| after.is_none_or(|after| after.created != before.created))
            };
            if pairs.into_iter().any(ended) {
                if !sentinels.contains(key.kind_name()) {
                    return Difference::Unreadable(key.kind_name().clone());
                }
                changes.push(RecordChange::Delete { key: key.clone(), created: before.created() });
                born.insert(key.clone());
            }
        }
        for record in records {
            let known = self.life(&record.key, record.part);
            if born.contains(&record.key) || known != Some(Life::of(&record)) {
                changes.push(RecordChange::Put(record));
            }
        }
        std::mem::swap(&mut self.entries, &mut now.entries);
        Difference::Changes(changes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        Key::new("k", name)
    }

    fn record(name: &str, part: Part, created: u64, version: u64) -> Record {
        let value = version.to_string().into();
        Record { key: key(name), part, value, created: Index::new(created), version: Index::new(version) }
    }

    fn put(name: &str, part: Part, new: bool, carried: Option<u64>) -> Told {
        let value = carried.map_or(Value::Apart, |value| Value::Carried(value.to_string().into()));
        Told::Put { key: key(name), part, new, value }
    }

    fn view() -> View {
        View::of(
            &Scope::Kind("k".into()),
            &[record("a", Part::Spec, 5, 7), record("a", Part::Status, 6, 8), record("b", Part::Spec, 5, 5)],
        )
    }

    fn sentinels() -> HashSet<KindName, HashState> {
        [KindName::new("k")].into_iter().collect()
    }

    /// contract F1
    #[test]
    fn a_commit_that_carries_its_values_is_told_from_them() {
        let mut view = view();
        let changes = vec![put("a", Part::Status, false, Some(12)), put("c", Part::Spec, true, Some(12))];
        assert!(view.wanted(&changes).is_empty());
        let told = view.apply(Index::new(12), changes, &Fetched::default()).unwrap();
        let expected = [record("a", Part::Status, 6, 12), record("c", Part::Spec, 12, 12)];
        assert_eq!(told, expected.map(RecordChange::Put));
    }

    /// contract F1
    #[test]
    fn what_is_not_carried_is_read_and_lost_when_it_was_overwritten() {
        let mut view = view();
        let changes = vec![put("a", Part::Spec, false, None), put("unseen", Part::Spec, false, Some(12))];
        let wanted = view.wanted(&changes);
        assert_eq!(wanted, [(key("a"), Part::Spec), (key("unseen"), Part::Spec)]);
        let read = [record("a", Part::Spec, 5, 12), record("unseen", Part::Spec, 9, 12)];
        let fetched = |version: u64| -> Fetched {
            let read = read.clone().map(|record| Record { version: Index::new(version), ..record });
            read.map(|record| ((record.key.clone(), record.part), record)).into_iter().collect()
        };
        let late = view.apply(Index::new(12), changes.clone(), &fetched(13));
        assert_eq!(late, Err(ResetReason::Overflow));
        assert_eq!(view.apply(Index::new(12), changes, &fetched(12)).unwrap(), read.map(RecordChange::Put));
    }

    /// contract F2
    #[test]
    fn a_delete_names_the_life_that_ended() {
        let mut view = view();
        let told = view.apply(Index::new(9), vec![Told::Delete(key("a"))], &Fetched::default()).unwrap();
        assert_eq!(told, [RecordChange::Delete { key: key("a"), created: Index::new(5) }]);
        let again = vec![Told::Delete(key("a")), Told::Delete(Key::new("other", "a"))];
        assert_eq!(view.apply(Index::new(10), again, &Fetched::default()).unwrap(), []);
        // Deleted past us, and made anew by us.
        let born = vec![put("b", Part::Spec, true, Some(11))];
        let told = view.apply(Index::new(11), born, &Fetched::default()).unwrap();
        let gone = RecordChange::Delete { key: key("b"), created: Index::new(5) };
        assert_eq!(told, [gone, RecordChange::Put(record("b", Part::Spec, 11, 11))]);
    }

    /// contract F6
    #[test]
    fn the_writes_of_others_are_found_by_comparing() {
        let mut view = view();
        let now = vec![
            record("a", Part::Spec, 5, 20),
            record("a", Part::Status, 6, 8),
            record("b", Part::Spec, 21, 21),
            record("new", Part::Spec, 22, 22),
        ];
        let Difference::Changes(told) = view.compare(now.clone(), &sentinels()) else { panic!() };
        let gone = RecordChange::Delete { key: key("b"), created: Index::new(5) };
        let puts = [&now[0], &now[2], &now[3]].map(|record| RecordChange::Put(record.clone()));
        assert_eq!(told, [&[gone], &puts[..]].concat());
        assert_eq!(view.compare(now, &sentinels()), Difference::Changes(Vec::new()));
    }

    /// contract F2
    #[test]
    fn half_an_entry_that_is_gone_is_told_as_a_new_life() {
        let mut view = view();
        let now = vec![record("a", Part::Spec, 5, 7), record("b", Part::Spec, 5, 5)];
        let Difference::Changes(told) = view.compare(now.clone(), &sentinels()) else { panic!() };
        let gone = RecordChange::Delete { key: key("a"), created: Index::new(5) };
        assert_eq!(told, [gone, RecordChange::Put(now[0].clone())]);
    }

    /// contract F7
    #[test]
    fn no_delete_comes_from_absence_without_the_sentinel() {
        let none = HashSet::default();
        assert_eq!(view().compare(Vec::new(), &none), Difference::Unreadable("k".into()));
        let Difference::Changes(told) = view().compare(Vec::new(), &sentinels()) else { panic!() };
        assert_eq!(told.len(), 2);
    }

    /// contract F6
    #[test]
    fn a_record_that_is_older_than_it_was_is_an_older_store() {
        let older = vec![record("a", Part::Spec, 5, 6), record("b", Part::Spec, 5, 5)];
        assert_eq!(view().compare(older, &sentinels()), Difference::WentBack);
    }
}
