//! `/v1/entries/{kind}`: lists, whole or page by page.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use trimtab_store::{
    DecodeError, Dynamic, Entry, Key, KindName, Query as EntryQuery, ReadError, Selector, Snapshot, Tenancy,
};
use utoipa::IntoParams;

use super::entries::INDEX;
use super::{Path, Query, place};
use crate::api::Shared;
use crate::entry_form::Page;
use crate::problem::Refusal;
use crate::wire::{EntryKey, EntryList, Problem, StuckEntry};

/// Entries in a page when nothing else is said.
const PAGE: usize = 500;
/// Entries in a page at most.
const MOST: usize = 5000;
/// Entries that are looked at before other requests get a turn.
const TURN: usize = 512;

/// Which entries of the kind.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// Only this namespace; left out: `default`; `*`: every one.
    namespace: Option<String>,
    /// Only this partition; left out: `default`; `*`: every one.
    partition: Option<String>,
    /// Only names that begin so.
    prefix: Option<String>,
    /// Only entries whose labels match: `tier=web, region in (north, south), !legacy`.
    selector: Option<String>,
    /// At most so many in a page; default 500, at most 5,000.
    limit: Option<usize>,
    /// What the page before told as `continue`. What was asked for then may be left out, or said again.
    #[serde(rename = "continue")]
    next: Option<String>,
}

/// List the entries of a kind
///
/// By partition, namespace and name. All pages of a list show the store at one position. A list that has more pages is kept for 30 s after each of them.
#[utoipa::path(
    get,
    path = "/v1/entries/{kind}",
    operation_id = "listEntries",
    tag = "entries",
    params(("kind" = String, Path, description = "The kind"), ListQuery),
    responses(
        (status = 200, description = "The list, or a page of it", body = EntryList, headers(("Trimtab-Index" = String, description = "The position that the list shows"))),
        (status = 400, description = "The query cannot be read; for a selector it says where", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such kind", body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "The list is not kept any more: begin anew", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A name or the limit breaks a rule", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many lists are being read page by page", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(
    State(shared): State<Arc<Shared>>,
    Path(kind): Path<String>,
    Query(query): Query<ListQuery>,
) -> Result<Response, Refusal> {
    let limit = query.limit.unwrap_or(PAGE);
    if !(1..=MOST).contains(&limit) {
        return Err(Refusal::invalid("limit", format!("must be between 1 and {MOST}, not {limit}"))
            .limit(MOST as u64));
    }
    let asked = asked(&kind, &query);
    let (entries, position) = match &query.next {
        None => {
            let snapshot = shared.store.snapshot();
            let kind = place::kind(&shared, &kind, &snapshot)?;
            (narrowed(&snapshot, kind, &query)?, snapshot.position())
        }
        Some(token) => {
            let unsaid = [&query.namespace, &query.partition, &query.prefix, &query.selector]
                .iter()
                .all(|said| said.is_none());
            let of_kind = format!("{kind}\n");
            let same = |was: &str| if unsaid { was.starts_with(&of_kind) } else { was == asked };
            let (limits, now) = (&shared.limits, shared.store.seams().now());
            shared.state.pages.rest(token, same, limits.page_time, now).ok_or_else(|| {
                Refusal::expired(
                    "this list is not kept any more, or is another one; begin anew without `continue`",
                )
            })?
        }
    };
    let read = read(entries.clone(), limit).await?;
    let last = read.last.as_ref().filter(|_| read.more);
    let next = match (&query.next, last) {
        (Some(token), last) => shared.state.pages.go_on(token, last),
        (None, None) => None,
        (None, Some(last)) => {
            let limits = &shared.limits;
            let kept =
                shared.state.pages.keep((entries, asked, position), last, limits, shared.store.seams());
            Some(kept.map_err(|_| {
                let what =
                    "are being read, as many as there may be; ask for fewer entries, or try again later";
                Refusal::too_many("lists", limits.pages, what).field("limit")
            })?)
        }
    };
    let position = position.map(|position| position.to_string()).unwrap_or_default();
    let headers = [(header::CONTENT_TYPE.as_str(), "application/json"), (INDEX.as_str(), &position)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    Ok((
        axum::response::AppendHeaders(headers),
        Page::new(read.entries, position, read.unreadable, next).into_body(),
    )
        .into_response())
}

/// What was asked for, in one text.
fn asked(kind: &str, query: &ListQuery) -> String {
    let part = |part: &Option<String>, default: &str| part.clone().unwrap_or_else(|| default.into());
    let tenancy = [part(&query.namespace, "default"), part(&query.partition, "default")];
    let narrowed = [part(&query.prefix, ""), part(&query.selector, "")];
    format!("{kind}\n{}\n{}", tenancy.join("\n"), narrowed.join("\n"))
}

fn narrowed(snapshot: &Snapshot, kind: KindName, query: &ListQuery) -> Result<EntryQuery<Dynamic>, Refusal> {
    let home = Tenancy::default();
    let one = |said: &Option<String>, default: &str| match said.as_deref() {
        Some("*") => None,
        said => Some(said.unwrap_or(default).to_owned()),
    };
    let partition = one(&query.partition, home.partition());
    let namespace = one(&query.namespace, home.namespace());
    let named = |name: &Option<String>| name.clone().unwrap_or_else(|| "default".into());
    Tenancy::new(&named(&partition), &named(&namespace)).validate()?;
    let mut entries = snapshot.list_kind(kind).everywhere();
    if let Some(partition) = &partition {
        entries = entries.in_partition(partition);
    }
    if let Some(namespace) = &namespace {
        entries = entries.in_namespace(namespace);
    }
    if let Some(selector) = &query.selector {
        let selector: Selector =
            selector.parse().map_err(|error| Refusal::malformed(format!("{error}")).field("selector"))?;
        entries = entries.matching(&selector);
    }
    Ok(entries.prefix(query.prefix.as_deref().unwrap_or_default()))
}

/// A page as it was read.
struct Read {
    entries: Vec<Entry>,
    unreadable: Vec<StuckEntry>,
    /// The last that was looked at.
    last: Option<Key>,
    more: bool,
}

/// Reads a page, and whether there is another. What cannot be read counts as an entry: else a page of it would never end.
async fn read(query: EntryQuery<Dynamic>, limit: usize) -> Result<Read, Refusal> {
    let mut read = Read { entries: Vec::new(), unreadable: Vec::new(), last: None, more: false };
    for (nth, found) in query.into_iter().enumerate() {
        if nth == limit {
            read.more = true;
            break;
        }
        if nth % TURN == TURN - 1 {
            tokio::task::yield_now().await;
        }
        match found {
            Ok(entry) => {
                read.last = Some(entry.key().clone());
                read.entries.push(entry);
            }
            Err(ReadError::Decode(error)) => {
                read.last = Some(error.key.clone());
                read.unreadable.push(stuck(&error));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(read)
}

fn stuck(error: &DecodeError) -> StuckEntry {
    StuckEntry { key: EntryKey::from(&error.key), error: error.to_string() }
}
