//! Reading entries as they are.

use trimtab_backend::{FollowError, Index, Key, Part, Position, Record};

use crate::core::Core;
use crate::listing::Listing;
use crate::open::denied;
use crate::wire::Op;

/// Entries of one read: two operations each, and one for the lanes.
const AT_ONCE: usize = 60;
/// Reads in pieces that were overtaken by commits before one is taken as it is.
const TRIES: usize = 3;

impl Core {
    /// Both halves of each of these entries, and the position of the head.
    pub(crate) async fn find(&self, keys: &[Key]) -> Result<(Position, Vec<Record>), FollowError> {
        if self.is_closed() {
            return Err(FollowError::UNREACHABLE);
        }
        for _ in 1..TRIES {
            let (first, last, records) = self.in_pieces(keys).await?;
            if first == last {
                return Ok((self.position(first), records));
            }
        }
        let (first, _, records) = self.in_pieces(keys).await?;
        Ok((self.position(first), records))
    }

    /// The heads before the first piece and with the last.
    async fn in_pieces(&self, keys: &[Key]) -> Result<(Index, Index, Vec<Record>), FollowError> {
        let mut records = Vec::with_capacity(2 * keys.len());
        let (first, found) = self.piece(&keys[..keys.len().min(AT_ONCE)]).await?;
        records.extend(found);
        let mut last = first;
        for keys in keys.chunks(AT_ONCE).skip(1) {
            let (head, found) = self.piece(keys).await?;
            records.extend(found);
            last = head;
        }
        Ok((first, last, records))
    }

    async fn piece(&self, keys: &[Key]) -> Result<(Index, Vec<Record>), FollowError> {
        let halves = || keys.iter().flat_map(|key| [(key, Part::Spec), (key, Part::Status)]);
        let mut operations: Vec<_> =
            halves().map(|(key, part)| Op::Get(self.layout.record(key, part))).collect();
        operations.push(Op::Tree(self.layout.lanes()));
        let entries = self.read(&operations).await?.results;
        let listing = Listing::of(&self.layout, &entries).ok_or_else(|| denied(&self.layout.floor()))?;
        let mut found = entries.into_iter();
        let mut records = Vec::new();
        for ((key, part), operation) in halves().zip(operations) {
            let Op::Get(path) = operation else { break };
            // Results come in the order of the operations, without those that may not be read.
            let entry = found.next().filter(|entry| entry.key == path).ok_or_else(|| denied(&path))?;
            if entry.exists() {
                let (created, version) = (entry.created, entry.modified);
                records.push(Record { key: key.clone(), part, value: entry.value, created, version });
            }
        }
        Ok((listing.head(), records))
    }
}
