//! Reading records.

use trimtab_backend::{FollowError, Key, Position, Record};

use crate::answer::Answer;
use crate::core::Core;
use crate::layout::Reader;
use crate::proto::RangeRequest;
use crate::transaction::record;

/// Entries that are read by one request; the server takes 128.
const AT_ONCE: usize = 100;

impl Core {
    /// Both halves of each entry, all at one revision.
    pub(crate) async fn read(&self, keys: &[Key]) -> Result<(Position, Vec<Record>), FollowError> {
        let (identity, head) = match keys {
            [] => return self.look().await.map(|(identity, head)| (identity.position(head), Vec::new())),
            _ if keys.len() <= AT_ONCE => (self.identity(), 0),
            // Several requests must all be at the same revision.
            _ => self.look().await?,
        };
        let (mut revision, mut records, mut reader) = (head, Vec::new(), Reader::new(self.layout()));
        for keys in keys.chunks(AT_ONCE) {
            let range = |key| {
                let (key, range_end) = self.layout().halves(key);
                RangeRequest { revision: head, ..RangeRequest::between(key, range_end) }
            };
            let answer = self.servers().ranges(keys.iter().map(range).collect()).await;
            let found = answer.map_err(Answer::into_follow_error)?;
            revision = if head == 0 { found.revision() } else { head };
            for found in found.found().flatten() {
                let Some((key, part)) = reader.read(&found.key) else { continue };
                records.push(record(key, part, found));
            }
        }
        Ok((identity.position(revision), records))
    }
}
