//! The map of a group in the store: looked at, and written on condition of what was seen.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use trimtab_backend::{
    AnyBackend, Backend as _, Check, CommitError, Expect, Feed, FeedItem, FollowError, Index, Key, Operation,
    Part, Position, Record, Scope, Transaction, Verdict,
};
use trimtab_seams::Seams;
use trimtab_store::Store;

use super::record::{Header, read_spec, read_status};
use super::{Map, Member};
use crate::task::pause;

/// The kind of groups.
const KIND: &str = "trimtab.group";

#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) seams: Seams,
    pub(super) backend: AnyBackend,
    key: Key,
}

/// A group as it stood at one position.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(super) at: Position,
    pub(super) map: Arc<Map>,
    pub(super) adopted: BTreeMap<String, Index>,
    /// None before it had its first member.
    header: Option<Header>,
    spec: Expect,
    status: Expect,
}

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrote {
    Yes,
    /// It was conditional on what is so no more.
    Beaten,
}

/// Why the group cannot be seen or written now.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub(crate) struct Trouble {
    what: String,
    retry_after: Option<Duration>,
}

impl Trouble {
    /// How long to wait before another try.
    pub(super) fn delay(&self, seams: &Seams, failures: u32) -> Duration {
        let delay = pause(seams, Duration::from_millis(20), Duration::from_secs(2), failures);
        self.retry_after.map_or(delay, |asked| asked.max(delay))
    }
}

impl From<FollowError> for Trouble {
    fn from(error: FollowError) -> Self {
        let retry_after =
            if let FollowError::Unavailable { retry_after, .. } = &error { *retry_after } else { None };
        Self { what: error.to_string(), retry_after }
    }
}

impl From<CommitError> for Trouble {
    fn from(error: CommitError) -> Self {
        let retry_after =
            if let CommitError::Unavailable { retry_after, .. } = &error { *retry_after } else { None };
        Self { what: error.to_string(), retry_after }
    }
}

impl Seen {
    /// Whether every member has adopted just this map.
    pub(super) fn is_adopted(&self) -> bool {
        self.map.members.iter().all(|member| self.adopted.get(&member.lease) == Some(&self.map.version))
    }
}

impl Group {
    pub(crate) fn new(store: &Store, name: &str) -> Self {
        let (backend, seams) = (store.backend().clone(), store.seams().clone());
        Self { name: name.into(), seams, backend, key: Key::new(KIND, name) }
    }

    /// The condition that the map stands at this version.
    pub(super) fn unmoved(&self, version: Index) -> Check {
        Check { key: self.key.clone(), part: Part::Spec, expect: Expect::At(version) }
    }

    pub(super) async fn look(&self) -> Result<Seen, Trouble> {
        let (at, records) = self.backend.read(std::slice::from_ref(&self.key)).await?;
        let half = |part| records.iter().find(|record| record.part == part);
        let expect =
            |record: Option<&Record>| record.map_or(Expect::Absent, |record| Expect::At(record.version));
        let (spec, status) = (half(Part::Spec), half(Part::Status));
        let (map, header) = match spec.map(read_spec).transpose() {
            Ok(Some((map, header))) => (map, Some(header)),
            Ok(None) => (Map::new(Index::ZERO, Vec::new()), None),
            Err(what) => {
                let what = format!(
                    "the map of group `{}` cannot be read: {what}; delete entry {}",
                    self.name, self.key
                );
                return Err(Trouble { what, retry_after: Some(Duration::from_secs(10)) });
            }
        };
        let adopted = status.map(read_status).unwrap_or_default();
        Ok(Seen { at, map: Arc::new(map), adopted, header, spec: expect(spec), status: expect(status) })
    }

    /// Writes other members, on condition that the map stands as it was seen; and whatever else belongs to it.
    pub(super) async fn write_members(
        &self,
        seen: &Seen,
        members: Vec<Member>,
        checks: Vec<Check>,
        also: Option<Operation>,
    ) -> Result<Wrote, Trouble> {
        let header = seen.header.clone().unwrap_or_else(|| Header::born(&self.seams));
        let value = header.spec(members).into();
        let put = Operation::Put { key: self.key.clone(), part: Part::Spec, value, expect: seen.spec };
        self.commit(Transaction { checks, operations: std::iter::once(put).chain(also).collect() }).await
    }

    /// Notes that this member has adopted the map as it was seen.
    pub(super) async fn write_adopted(
        &self,
        seen: &Seen,
        lease: &str,
        fence: Check,
    ) -> Result<Wrote, Trouble> {
        let Some(header) = &seen.header else { return Ok(Wrote::Beaten) };
        let is_member = |lease: &str| seen.map.members.iter().any(|member| member.lease == lease);
        let mut adopted = seen.adopted.clone();
        adopted.retain(|lease, _| is_member(lease));
        adopted.insert(lease.into(), seen.map.version);
        let value = header.status(&adopted).into();
        let put = Operation::Put { key: self.key.clone(), part: Part::Status, value, expect: seen.status };
        self.commit(Transaction {
            checks: vec![self.unmoved(seen.map.version), fence],
            operations: vec![put],
        })
        .await
    }

    pub(super) async fn commit(&self, transaction: Transaction) -> Result<Wrote, Trouble> {
        match self.backend.commit(transaction).await {
            Ok(_) => Ok(Wrote::Yes),
            Err(CommitError::Conflict(_)) => Ok(Wrote::Beaten),
            Err(CommitError::Unknown(pending)) => {
                // Whatever the answer, the next step looks at what is there; and everything written here is guarded by what it changes.
                match self.backend.resolve(pending).await {
                    Ok(Verdict::Committed(_)) => Ok(Wrote::Yes),
                    Ok(Verdict::Never) => Ok(Wrote::Beaten),
                    Err(error) => Err(error.into()),
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Tells when there may be something to look at.
    pub(super) fn bell(&self) -> Bell<'_> {
        Bell { group: self, feed: None, failures: 0 }
    }
}

/// Rings when the group has changed, or may have.
pub(super) struct Bell<'a> {
    group: &'a Group,
    feed: Option<Feed>,
    failures: u32,
}

impl Bell<'_> {
    /// Cancel safe, but for the ring itself.
    pub(super) async fn rung(&mut self) {
        let Group { backend, seams, key, .. } = self.group;
        loop {
            let told = match &mut self.feed {
                Some(feed) => feed.next().await,
                None => match backend.follow(Scope::Kind(key.kind_name().clone()), None).await {
                    Ok(feed) => {
                        self.feed = Some(feed);
                        continue;
                    }
                    Err(error) => Err(error),
                },
            };
            match told {
                Ok(FeedItem::Synced(_)) => {
                    self.failures = 0;
                    return;
                }
                Ok(FeedItem::Batch { changes, .. }) if changes.iter().any(|change| change.key() == key) => {
                    return;
                }
                Ok(_) => {}
                Err(error) => {
                    self.feed = None;
                    let delay = Trouble::from(error).delay(seams, self.failures);
                    self.failures = self.failures.saturating_add(1);
                    seams.sleep(delay).await;
                }
            }
        }
    }
}
