//! What a watch has told so far, so that what it tells anew after a reset is not taken for news.

use std::collections::{BTreeMap, BTreeSet};

use trimtab::store::Document;
use trimtab_http::wire::{Changed, EntryKey};

use super::{Told, key_of};

/// What became of an entry.
#[derive(Debug)]
pub(crate) struct News {
    /// Which.
    pub(crate) key: EntryKey,
    /// What.
    pub(crate) what: What,
    /// As it is now; none: it is gone.
    pub(crate) entry: Option<Document>,
}

/// What became of an entry, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// It is there at the beginning.
    Exists,
    /// It is there now.
    Created,
    /// Spec, labels, owners or finalizers are others.
    Changed,
    /// Only its status is another.
    Status,
    /// It is marked as deleted, and held.
    Deleting,
    /// It is gone.
    Deleted,
}

impl What {
    /// The word.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Exists => "exists",
            Self::Created => "created",
            Self::Changed => "changed",
            Self::Status => "status",
            Self::Deleting => "deleting",
            Self::Deleted => "deleted",
        }
    }
}

/// Life, spec version, status version, whether it is being deleted.
type Stamp = (String, u64, Option<u64>, bool);

/// The entries as they were told last.
#[derive(Debug, Default)]
pub(crate) struct Held {
    entries: BTreeMap<EntryKey, Stamp>,
    /// Told by the snapshot that is under way, after a reset.
    seen: Option<BTreeSet<EntryKey>>,
    /// A whole snapshot was told, or a list: what comes is news.
    has_begun: bool,
}

impl Held {
    /// Somebody was shown these already.
    pub(crate) fn of<'a>(list: impl IntoIterator<Item = &'a Document>) -> Self {
        let entries = list.into_iter().filter_map(|entry| Some((key_of(entry), stamp(entry)?)));
        Self { entries: entries.collect(), seen: None, has_begun: true }
    }

    /// What is new in what was told.
    pub(crate) fn news(&mut self, told: Told) -> Vec<News> {
        match told {
            Told::Reset => {
                self.seen = Some(BTreeSet::new());
                Vec::new()
            }
            Told::Snapshot(snapshot) => self.snapshot(snapshot.entry).into_iter().collect(),
            Told::EndOfSnapshot => {
                self.has_begun = true;
                let Some(seen) = self.seen.take() else { return Vec::new() };
                let gone: Vec<_> = self.entries.keys().filter(|key| !seen.contains(key)).cloned().collect();
                gone.into_iter().map(|key| self.gone(key)).collect()
            }
            Told::Change(changes) => {
                self.has_begun = true;
                changes.changes.into_iter().filter_map(|change| self.change(change)).collect()
            }
            Told::Progress => Vec::new(),
        }
    }

    fn snapshot(&mut self, entry: Document) -> Option<News> {
        let key = key_of(&entry);
        if let Some(seen) = &mut self.seen {
            seen.insert(key.clone());
        }
        let news = self.take(key, entry, None)?;
        Some(if self.has_begun { news } else { News { what: What::Exists, ..news } })
    }

    fn change(&mut self, change: Changed) -> Option<News> {
        match change.new {
            None => Some(self.gone(change.key)),
            Some(entry) => self.take(change.key, entry, change.old.as_ref().and_then(stamp)),
        }
    }

    fn gone(&mut self, key: EntryKey) -> News {
        self.entries.remove(&key);
        News { key, what: What::Deleted, entry: None }
    }

    /// `old` is what is known of it beside what is held.
    fn take(&mut self, key: EntryKey, entry: Document, old: Option<Stamp>) -> Option<News> {
        let new = stamp(&entry)?;
        let was = self.entries.insert(key.clone(), new.clone()).or(old);
        let is_first = entry.meta.as_ref().is_some_and(|meta| {
            meta.created == meta.modified && meta.status_modified.is_none_or(|status| status == meta.created)
        });
        let what = match was {
            None if is_first || self.seen.is_some() => What::Created,
            Some(was) if was == new => return None,
            Some(was) if was.0 != new.0 => What::Created,
            Some(was) if !was.3 && new.3 => What::Deleting,
            Some(was) if was.1 == new.1 => What::Status,
            None | Some(_) => What::Changed,
        };
        Some(News { key, what, entry: Some(entry) })
    }
}

fn stamp(entry: &Document) -> Option<Stamp> {
    let meta = entry.meta.as_ref()?;
    let status = meta.status_modified.map(trimtab::Index::get);
    Some((meta.uid.to_string(), meta.modified.get(), status, meta.deleting_since.is_some()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use trimtab_http::wire::{Changes, SnapshotEntry};

    use super::*;

    fn entry(name: &str, life: u8, modified: u64, status: Option<u64>) -> Document {
        let mut meta = json!({ "uid": format!("00000000-0000-4000-8000-{life:012}"), "generation": 1, "created": 1,
            "modified": modified, "created_at": "2026-03-01T12:00:00Z" });
        if let Some(status) = status {
            meta["status_modified"] = status.into();
        }
        serde_json::from_value(json!({ "kind": "site", "name": name, "spec": {}, "meta": meta })).unwrap()
    }

    fn snapshot(entry: Document) -> Told {
        Told::Snapshot(Box::new(SnapshotEntry { entry }))
    }

    fn end() -> Told {
        Told::EndOfSnapshot
    }

    fn change(name: &str, new: Option<Document>) -> Told {
        let key = EntryKey { kind: "site".into(), name: name.into(), namespace: None, partition: None };
        Told::Change(Changes { position: "00ff-9".into(), changes: vec![Changed { key, old: None, new }] })
    }

    fn told(held: &mut Held, all: Vec<Told>) -> Vec<String> {
        let news = all.into_iter().flat_map(|told| held.news(told)).collect::<Vec<_>>();
        news.iter().map(|news| format!("{} {}", news.what.as_str(), news.key.name)).collect()
    }

    #[test]
    fn what_is_there_at_first_exists_and_what_comes_is_news() {
        let mut held = Held::default();
        let all = vec![
            snapshot(entry("a", 1, 1, None)),
            end(),
            change("a", Some(entry("a", 1, 1, Some(2)))),
            change("a", Some(entry("a", 1, 3, Some(2)))),
            change("b", Some(entry("b", 2, 1, None))),
            change("a", None),
        ];
        assert_eq!(told(&mut held, all), ["exists a", "status a", "changed a", "created b", "deleted a"]);
    }

    /// A daemon that was started anew does not know any more what was before.
    #[test]
    fn a_status_of_what_was_never_told_is_no_creation() {
        let all = vec![
            change("a", Some(entry("a", 1, 1, Some(7)))),
            change("b", Some(entry("b", 2, 1, Some(1)))),
            change("c", Some(entry("c", 3, 1, None))),
        ];
        assert_eq!(told(&mut Held::default(), all), ["changed a", "created b", "created c"]);
    }

    #[test]
    fn after_a_reset_only_what_has_become_of_it_meanwhile_is_news() {
        let list = [
            entry("same", 1, 1, None),
            entry("gone", 2, 1, None),
            entry("other", 3, 1, None),
            entry("again", 4, 1, None),
        ];
        let mut held = Held::of(&list);
        let all = vec![
            Told::Reset,
            snapshot(entry("same", 1, 1, None)),
            snapshot(entry("other", 3, 5, None)),
            snapshot(entry("again", 5, 6, None)),
            snapshot(entry("new", 6, 7, None)),
            end(),
            change("same", Some(entry("same", 1, 8, None))),
        ];
        assert_eq!(
            told(&mut held, all),
            ["changed other", "created again", "created new", "deleted gone", "changed same"]
        );
    }

    #[test]
    fn a_snapshot_that_is_cut_off_and_told_again_is_told_once() {
        let mut held = Held::default();
        let all = vec![
            snapshot(entry("a", 1, 1, None)),
            Told::Reset,
            snapshot(entry("a", 1, 1, None)),
            snapshot(entry("b", 2, 1, None)),
            end(),
        ];
        assert_eq!(told(&mut held, all), ["exists a", "exists b"]);
    }
}
