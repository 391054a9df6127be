//! A whole scope as of one moment.

use hashbrown::HashSet;
use trimtab_backend::{CommitError, FollowError, Index, KindName, Record, Scope};
use trimtab_seams::HashState;

use crate::core::{Core, Store};
use crate::layout::Place;
use crate::listing::Listing;
use crate::open::denied;
use crate::wire::{Entry, Op, TxnAnswer};

/// Everything of a scope, the lanes, and which store it is, in one read.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub(super) store: Store,
    pub(super) listing: Listing,
    pub(super) records: Vec<Record>,
    pub(super) sentinels: HashSet<KindName, HashState>,
    /// No commit up to here is missing, and none after it is seen.
    pub(super) position: Index,
}

impl Core {
    /// Reads a scope. A store that is there no more is made anew, as another one.
    pub(super) async fn snapshot(&self, scope: &Scope) -> Result<Snapshot, FollowError> {
        let (meta, floor) = (self.layout.meta(), self.layout.floor());
        let sentinel = self.layout.sentinel_of(scope);
        let operations = [
            Op::Get(meta.clone()),
            Op::Get(floor.clone()),
            Op::Tree(self.layout.lanes()),
            Op::Get(sentinel.clone()),
            Op::Tree(self.layout.prefix_of(scope)),
        ];
        loop {
            let TxnAnswer { results: entries, filtered, .. } = self.read(&operations).await?;
            let find = |key: &str| entries.iter().find(|entry| entry.key == key);
            let found = find(&meta).ok_or_else(|| denied(&meta))?;
            let whole = find(&floor).ok_or_else(|| denied(&floor))?.exists();
            if !(found.exists() && whole) {
                self.open().await.map_err(|error| error.as_follow())?;
                continue;
            }
            let store = self.store_of(found).map_err(|error| error.as_follow())?;
            self.adopt(store);
            let listing = Listing::of(&self.layout, &entries).ok_or_else(|| denied(&floor))?;
            let proof = find(&sentinel).ok_or_else(|| denied(&sentinel))?;
            if filtered {
                return Err(denied(&self.layout.prefix_of(scope)));
            }
            if let (false, Scope::Kind(kind) | Scope::Within(kind, _)) = (proof.exists(), scope) {
                match self.mark(std::slice::from_ref(kind)).await {
                    // Who may only read follows all the same; deletes past Trimtab it then cannot tell.
                    Ok(()) | Err(CommitError::Denied { .. }) => {}
                    Err(CommitError::Unavailable { why, retry_after }) => {
                        return Err(FollowError::Unavailable { why, retry_after });
                    }
                    Err(error) => return Err(FollowError::Broken { what: error.to_string() }),
                }
            }
            let (records, sentinels) = self.sorted(scope, &entries);
            let newest = records.iter().map(|record| record.version).max().unwrap_or(Index::ZERO);
            let position = listing.head().max(newest);
            return Ok(Snapshot { store, listing, records, sentinels, position });
        }
    }

    /// The records of the scope and the sentinels, of all that lies under its prefix.
    fn sorted(&self, scope: &Scope, entries: &[Entry]) -> (Vec<Record>, HashSet<KindName, HashState>) {
        let (mut records, mut sentinels) = (Vec::new(), HashSet::default());
        for entry in entries.iter().filter(|entry| entry.exists()) {
            match self.layout.place_of(&entry.key) {
                Some(Place::Record(key, part)) if scope.contains(&key) => records.push(Record {
                    key,
                    part,
                    value: entry.value.clone(),
                    created: entry.created,
                    version: entry.modified,
                }),
                Some(Place::Sentinel(kind)) => {
                    sentinels.insert(kind);
                }
                None if self.layout.is_below_entries(&entry.key) => {
                    tracing::warn!(
                        key = entry.key,
                        "a key among the entries is none; it is left out, remove it"
                    );
                }
                Some(Place::Record(..)) | None => {}
            }
        }
        (records, sentinels)
    }
}
