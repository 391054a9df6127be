//! `GET /v1/watch`: what happens to a kind, as it happens.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use trimtab_store::{KindName, Position, Selector, SubscribeError, Tenancy, TenancyPattern};
use utoipa::IntoParams;

use crate::api::Shared;
use crate::problem::Refusal;
use crate::routes::Query;
use crate::watch::{From, Wanted, Watch};

/// Every one.
const ALL: &str = "*";
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Asks proxies not to gather the events before they pass them on.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// What to watch.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WatchQuery {
    /// The kind.
    kind: String,
    /// Only the entry of this name.
    name: Option<String>,
    /// Only this namespace; left out: `default`; `*`: every one.
    namespace: Option<String>,
    /// Only this partition; left out: `default`; `*`: every one.
    partition: Option<String>,
    /// Only entries whose labels match: `tier=web, region in (north, south), !legacy`. One whose labels stop matching is told as a change without `new`.
    selector: Option<String>,
    /// Go on after this position, an event's `id`. The header `Last-Event-ID` goes before it. Left out: begin with a snapshot.
    from: Option<String>,
}

/// Watch a kind
///
/// A stream of Server-Sent Events that does not end by itself. It begins with a `snapshot` for each entry that is there and an `end-of-snapshot`; then comes a
/// `change` for each commit, in order, with all that it changed of what is watched. After a time without changes a `progress` tells that the stream lives.
///
/// `change`, `end-of-snapshot` and `progress` have an id. Who connects again with the last one it saw (as browsers do by themselves) goes on right
/// after it, also when the daemon was killed in between. Where that cannot be, for the history is not kept so far or belongs to another store, the first event is
/// `reset`: forget what you hold; a snapshot follows on the same connection.
///
/// With a selector the stream shows the entries that match as if there were no others: one that begins to match is told without `old`, one that stops
/// matching without `new`. After a restart of the daemon `old` is absent too where it is not known any more, and an entry may be told to be gone that was never
/// told to be there.
#[utoipa::path(
    get,
    path = "/v1/watch",
    operation_id = "watch",
    tag = "watch",
    params(WatchQuery, ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was seen; goes before `from`.")),
    responses(
        (status = 200, description = "The stream, see the schemas SnapshotEntry, Progress, Changes and Reset for its data", content_type = "text/event-stream", body = String),
        (status = 400, description = "The query, or the position, cannot be read", body = crate::wire::Problem, content_type = "application/problem+json"),
        (status = 422, description = "The query breaks a rule", body = crate::wire::Problem, content_type = "application/problem+json"),
        (status = 429, description = "There are too many watches", body = crate::wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn watch(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Query(query): Query<WatchQuery>,
) -> Result<Response, Refusal> {
    let from = from(&shared, &query, &headers)?;
    let wanted = wanted(query)?;
    let streams = &shared.state.streams;
    let Some(seat) = streams.seats.take(shared.limits.streams) else {
        let what = "are open, as many as there may be; close one, or try again later";
        return Err(Refusal::too_many("watches", shared.limits.streams, what));
    };
    let stopping = Arc::clone(&shared.state.stopping);
    let stopped = Box::pin(async move { stopping.raised().await });
    let stream = match Watch::begin(&shared, wanted, from, seat, stopped) {
        Ok(stream) => stream,
        Err(SubscribeError::UnknownTopic(unknown)) => {
            return Err(Refusal::invalid("kind", format!("{unknown}; this store does not follow the kind")));
        }
        Err(error) => return Err(Refusal::stopping(error.to_string())),
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (ACCEL_BUFFERING, HeaderValue::from_static("no")),
    ];
    Ok((headers, Body::from_stream(stream)).into_response())
}

/// Where to begin. A browser that was told an empty id sends none, or an empty one.
fn from(shared: &Shared, query: &WatchQuery, headers: &HeaderMap) -> Result<From, Refusal> {
    let (field, text) = match headers.get(LAST_EVENT_ID) {
        Some(id) => ("Last-Event-ID", id.to_str().unwrap_or("\u{fffd}")),
        None => ("from", query.from.as_deref().unwrap_or_default()),
    };
    let Some(here) = shared.store.position().filter(|_| !text.is_empty()) else { return Ok(From::Nothing) };
    match Position::parse(text, here.store) {
        Ok(position) => Ok(From::Position(position)),
        Err(trimtab_backend::PositionError::OtherStore(_)) => Ok(From::OtherStore),
        Err(error) => Err(Refusal::malformed(error.to_string()).field(field)),
    }
}

fn wanted(query: WatchQuery) -> Result<Wanted, Refusal> {
    let kind = KindName::new(&query.kind);
    kind.validate()?;
    let home = Tenancy::default();
    let one = |given: Option<String>, default: &str| match given.as_deref() {
        Some(ALL) => None,
        given => Some(given.unwrap_or(default).to_owned()),
    };
    let tenancies = TenancyPattern {
        partition: one(query.partition, home.partition()),
        namespace: one(query.namespace, home.namespace()),
    };
    let or = |part: &Option<String>, default: &str| part.clone().unwrap_or_else(|| default.to_owned());
    Tenancy::new(&or(&tenancies.partition, home.partition()), &or(&tenancies.namespace, home.namespace()))
        .validate()?;
    let selector = query.selector.as_deref().unwrap_or_default().parse::<Selector>();
    let selector = selector.map_err(|error| Refusal::malformed(error.to_string()).field("selector"))?;
    Ok(Wanted { kind, name: query.name, tenancies, selector })
}
