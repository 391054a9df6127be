//! A range as it was at one revision, page by page.

use bytes::Bytes;

use crate::answer::Answer;
use crate::layout::Range;
use crate::proto::{KeyValue, RangeRequest};
use crate::servers::Servers;
use crate::transaction::after;

/// Records of one page, at first: of the size that most have, that is half a megabyte. A page whose answer is too large is asked for again in
/// halves.
const PAGE: i64 = 500;

pub(super) struct Pages {
    next: Bytes,
    end: Bytes,
    /// Fixed by the first page.
    revision: Option<i64>,
    whole: bool,
    limit: i64,
}

pub(super) enum Page {
    Records(Vec<KeyValue>),
    /// That was all, at this revision.
    End(i64),
}

impl Pages {
    pub(super) fn new((next, end): Range) -> Self {
        Self { next, end, revision: None, whole: false, limit: PAGE }
    }

    pub(super) async fn next(&mut self, servers: &Servers) -> Result<Page, Answer> {
        loop {
            if let (true, Some(revision)) = (self.whole, self.revision) {
                return Ok(Page::End(revision));
            }
            let range = RangeRequest::between(self.next.clone(), self.end.clone());
            let revision = self.revision.unwrap_or_default();
            let found = match servers.page(RangeRequest { limit: self.limit, revision, ..range }).await {
                Err(Answer::TooLarge) if self.limit > 1 => {
                    self.limit /= 2;
                    continue;
                }
                answer => answer?,
            };
            self.revision.get_or_insert(found.revision());
            self.whole = !found.more;
            if let Some(last) = found.kvs.last() {
                self.next = after(&last.key);
                return Ok(Page::Records(found.kvs));
            }
        }
    }
}
