//! From what a revision did to keys to what it did to entries.

use std::collections::BTreeMap;

use trimtab_backend::{Key, Part, Record, RecordChange, Scope};

use super::assemble::Revision;
use crate::answer::Answer;
use crate::layout::{Layout, Reader};
use crate::proto::{KeyValue, RangeRequest};
use crate::servers::Servers;
use crate::transaction::{index, record};

/// Entries that are looked up by one request; the server takes 128.
const AT_ONCE: usize = 100;

/// The changes of one revision within a scope.
pub(super) struct Changes {
    puts: Vec<RecordChange>,
    /// Entries of which something was removed: which halves.
    removed: BTreeMap<Key, Halves>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Halves {
    spec: bool,
    status: bool,
}

impl Changes {
    pub(super) fn of(revision: &Revision, reader: &mut Reader, scope: &Scope) -> Self {
        let made = |found: &KeyValue| made_of(reader, scope, found.clone()).map(RecordChange::Put);
        let puts = revision.puts.iter().filter_map(made).collect();
        let mut removed = BTreeMap::<Key, Halves>::new();
        for path in &revision.deletes {
            let Some((key, part)) = reader.read(path).filter(|(key, _)| scope.contains(key)) else {
                continue;
            };
            let halves = removed.entry(key).or_default();
            match part {
                Part::Spec => halves.spec = true,
                Part::Status => halves.status = true,
            }
        }
        Self { puts, removed }
    }

    /// The changes, deletes first: of each removed entry with the revision that began its life, which the event does not tell; it is looked up in
    /// the revision before. Carrying the last value of every change instead would double what every follower is sent. Nothing when a
    /// status alone was removed, which none of ours does.
    pub(super) async fn complete(
        self,
        servers: &Servers,
        layout: &Layout,
        revision: i64,
    ) -> Result<Option<Vec<RecordChange>>, Answer> {
        let mut changes = Vec::with_capacity(self.removed.len() + self.puts.len());
        let removed: Vec<_> = self.removed.into_iter().collect();
        for removed in removed.chunks(AT_ONCE) {
            let before = |(key, _): &(Key, Halves)| {
                let (key, range_end) = layout.halves(key);
                RangeRequest {
                    revision: revision - 1,
                    keys_only: true,
                    ..RangeRequest::between(key, range_end)
                }
            };
            let found = servers.ranges(removed.iter().map(before).collect()).await?;
            for ((key, halves), found) in removed.iter().zip(found.found()) {
                let spec = found.iter().find(|found| found.key.ends_with(b"/s"));
                if spec.is_some() != halves.spec {
                    return Ok(None);
                }
                let Some(life) = spec.or(found.first()) else { return Ok(None) };
                changes.push(RecordChange::Delete { key: key.clone(), created: index(life.create_revision) });
            }
        }
        changes.extend(self.puts);
        Ok(Some(changes))
    }
}

/// A record of the scope; nothing for what lies there and is none.
pub(super) fn made_of(reader: &mut Reader, scope: &Scope, found: KeyValue) -> Option<Record> {
    let Some((key, part)) = reader.read(&found.key) else {
        tracing::warn!(key = %String::from_utf8_lossy(&found.key), "no entry lies there, though it is below the prefix: passed over");
        return None;
    };
    scope.contains(&key).then(|| record(key, part, found))
}
