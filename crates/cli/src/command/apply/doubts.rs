//! Entries of a kind that nobody else knows.

use std::collections::BTreeMap;

use trimtab_http::wire::EntryKey;

use super::super::told::Told;
use crate::client::Client;

/// Warns of created entries whose kind was probably misspelt: kinds are an open set, so they were written. Nothing is asked when nothing was created.
pub(super) fn tell<'a>(
    client: &Client,
    created: impl IntoIterator<Item = &'a EntryKey>,
    dry_run: bool,
    told: Told,
) {
    let mut kinds = BTreeMap::new();
    for key in created {
        // Those of a dry run are not among what the daemon counts.
        *kinds.entry(key.kind.as_str()).or_insert(0) += usize::from(!dry_run);
    }
    if kinds.is_empty() || told.is_quiet {
        return;
    }
    // What was asked for is done: that it cannot be warned of is no failure of it.
    for (kind, near) in client.doubts(&kinds).unwrap_or_default() {
        told.aside(&format!(
            "warning: no controller and no other entry is of the kind `{kind}`; did you mean `{near}`?"
        ));
    }
}
