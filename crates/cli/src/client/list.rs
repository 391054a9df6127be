//! A list, all its pages in one.

use trimtab_http::wire::{EntryList, ProblemKind};

use super::{Client, Everywhere, Failure};

/// Entries in a page. A page is answered at once, so it is bounded: entries may be large.
const PAGE: &str = "1000";

impl Client {
    /// The entries of a kind, all at one position.
    pub(crate) fn list(
        &self,
        kind: &str,
        within: &Everywhere,
        selector: Option<&str>,
    ) -> Result<EntryList, Failure> {
        match self.pages(kind, within, selector) {
            // Whoever was held up between two pages gets a new list.
            Err(failure) if failure.kind() == Some(ProblemKind::Expired) => {
                self.pages(kind, within, selector)
            }
            outcome => outcome,
        }
    }

    fn pages(&self, kind: &str, within: &Everywhere, selector: Option<&str>) -> Result<EntryList, Failure> {
        let page = |next: Option<&str>| -> Result<EntryList, Failure> {
            let request = self.get(&["v1", "entries", kind]);
            let request =
                request.query("namespace", within.namespace()).query("partition", within.partition());
            let request = request.query("selector", selector).query("limit", Some(PAGE));
            Ok(request.query("continue", next).send()?.body)
        };
        let mut list = page(None)?;
        while let Some(next) = list.next.take() {
            let more = page(Some(&next))?;
            list.items.extend(more.items);
            list.unreadable.extend(more.unreadable);
            list.next = more.next;
        }
        Ok(list)
    }
}
