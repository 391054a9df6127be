//! What came of writes, as the asker is told.

use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use trimtab_store::{Committed, Entry, Store};

use super::{Act, Planned};
use crate::problem::Refusal;
use crate::wire::{EntryKey, Outcome, Written};

/// The header that carries a position.
const INDEX: HeaderName = HeaderName::from_static("trimtab-index");

/// What came of an operation.
pub(crate) async fn written(
    store: &Store,
    committed: &Committed,
    planned: &Planned,
    dry_run: bool,
) -> Result<(Written, Option<Entry>), Refusal> {
    let position = committed.commit.position();
    let touched = committed.touched.iter().find(|touched| *touched.key() == planned.key);
    let is_delete = matches!(planned.act, Act::Delete { .. });
    let (outcome, entry) = if let Some(touched) = touched {
        match (touched.before(), touched.at(position.index)) {
            (_, None) => (Outcome::Deleted, None),
            (None, after) => (Outcome::Created, after),
            (Some(_), after) if is_delete => (Outcome::Deleting, after),
            (Some(_), after) => (Outcome::Changed, after),
        }
    } else {
        // Nothing had to be written, so it is as it was.
        let entry = match store.entry(&planned.key)? {
            Some(entry) => Some(entry),
            None => store.latest(&planned.key).await?,
        };
        (if is_delete { Outcome::Deleting } else { Outcome::Unchanged }, entry)
    };
    let document = entry.as_ref().and_then(|entry| entry.to_document().ok());
    let (key, position) = (EntryKey::from(&planned.key), position.to_string());
    Ok((Written { key, outcome, position, entry: document, dry_run }, entry))
}

/// The answer to a request that wrote one entry.
pub(crate) fn answer((written, entry): (Written, Option<Entry>)) -> Response {
    let status = match written.outcome {
        // Nothing was created when it was only rehearsed.
        Outcome::Created if !written.dry_run => StatusCode::CREATED,
        Outcome::Deleting if !written.dry_run => StatusCode::ACCEPTED,
        _ => StatusCode::OK,
    };
    // The versions of what was only rehearsed are nobody's.
    let etag = entry.filter(|_| !written.dry_run).map(|entry| [(header::ETAG, entry.etag())]);
    let index = [(INDEX, written.position.clone())];
    (status, index, etag, axum::Json(written)).into_response()
}
