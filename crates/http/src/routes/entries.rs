//! `/v1/entries/{kind}/{name}`: one entry, read, written and deleted.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use trimtab_store::{Document, Key, Propagation, ReadError};

use super::delete_query::DeleteQuery;
use super::given::Given;
use super::place::{self, Place, WritePlace};
use super::{Json, Path, Query, conditions};
use crate::api::Shared;
use crate::entry_form;
use crate::openapi::EntryDocument;
use crate::problem::Refusal;
use crate::wire::{EntryKey, Outcome, Problem, ProblemKind, Written};
use crate::writing::{Act, Planned, Unmet, answer, settle, written};

/// The position that an answer shows.
pub(super) const INDEX: HeaderName = HeaderName::from_static("trimtab-index");

/// Read an entry
///
/// Its ETag is its two versions, `"<spec>.<status>"`. A name is percent-encoded, its slashes too.
#[utoipa::path(
    get,
    path = "/v1/entries/{kind}/{name}",
    operation_id = "readEntry",
    tag = "entries",
    params(
        ("kind" = String, Path, description = "Its kind"),
        ("name" = String, Path, description = "Its name, percent-encoded"),
        Place,
        ("If-None-Match" = Option<String>, Header, description = "ETags that are known already"),
    ),
    responses(
        (status = 200, description = "The entry", body = EntryDocument, headers(
            ("ETag" = String, description = "Its two versions"),
            ("Trimtab-Index" = String, description = "The position that was looked at"),
        )),
        (status = 304, description = "It is at one of the ETags"),
        (status = 400, description = "The request cannot be read", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such entry, or no such kind", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A name breaks a rule, or the entry cannot be read", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn read(
    State(shared): State<Arc<Shared>>,
    Path((kind, name)): Path<(String, String)>,
    Query(at): Query<Place>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let known = conditions::if_none_match(&headers)?;
    let key = place::key(&kind, &name, at.namespace.as_deref(), at.partition.as_deref())?;
    let snapshot = shared.store.snapshot();
    place::kind(&shared, &kind, &snapshot)?;
    let entry = snapshot.entry(&key)?.ok_or_else(|| Refusal::not_found(format!("there is no {key}")))?;
    let position = snapshot.position().map(|position| position.to_string()).unwrap_or_default();
    let about = [(header::ETAG, entry.etag()), (INDEX, position)];
    if known.is_some_and(|known| known.has(&entry)) {
        return Ok((StatusCode::NOT_MODIFIED, about).into_response());
    }
    let mut body = Vec::new();
    entry_form::write(&entry, &mut body).map_err(|error| {
        let detail = format!("{key} is there, but is not JSON: {error}; delete it, then write it anew");
        Refusal::new(ProblemKind::Invalid, detail).field("entry")
    })?;
    Ok((about, [(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// Create or replace an entry
///
/// Spec and labels become exactly these; owners are added; finalizers and status stay. Kind, name, namespace and partition may be left out of the body: the path and
/// the query say them. With `If-Match` the body may be the entry as it was read, edited: status, finalizers and meta may stand there as they were.
#[utoipa::path(
    put,
    path = "/v1/entries/{kind}/{name}",
    operation_id = "putEntry",
    tag = "entries",
    params(
        ("kind" = String, Path, description = "Its kind"),
        ("name" = String, Path, description = "Its name, percent-encoded"),
        WritePlace,
        ("If-Match" = Option<String>, Header, description = "Only when its spec is at one of these ETags, whatever its status; `*`: only when it is there"),
        ("If-None-Match" = Option<String>, Header, description = "`*`: only when it is not there"),
    ),
    request_body = Given,
    responses(
        (status = 200, description = "It was there", body = Written, headers(("ETag" = String, description = "Its two versions"), ("Trimtab-Index" = String, description = "The commit's position"))),
        (status = 201, description = "It was created", body = Written, headers(("ETag" = String, description = "Its two versions"), ("Trimtab-Index" = String, description = "The commit's position"))),
        (status = 400, description = "The request cannot be read", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such kind", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Others wrote at the same moment, again and again", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "If-Match or If-None-Match did not hold; what is there comes along", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "The body is not said to be JSON", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "It breaks a rule", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn put(
    State(shared): State<Arc<Shared>>,
    Path((kind, name)): Path<(String, String)>,
    Query(at): Query<WritePlace>,
    headers: HeaderMap,
    Json(given): Json<Given>,
) -> Result<Response, Refusal> {
    let document = given.into_document(&kind, &name, &at)?;
    let planned = Planned {
        key: key_of(&document)?,
        if_match: conditions::if_match(&headers)?,
        if_none_match: conditions::if_none_match(&headers)?,
        act: Act::Put(Box::new(document)),
    };
    place::writable(&shared, &kind, ProblemKind::NotFound)?;
    one(&shared, planned, at.dry_run).await
}

/// Delete an entry
///
/// Finalizers hold it: then it is marked, answered with 202, and goes when the last of them is removed. One that cannot be read goes at once.
#[utoipa::path(
    delete,
    path = "/v1/entries/{kind}/{name}",
    operation_id = "deleteEntry",
    tag = "entries",
    params(
        ("kind" = String, Path, description = "Its kind"),
        ("name" = String, Path, description = "Its name, percent-encoded"),
        DeleteQuery,
        ("If-Match" = Option<String>, Header, description = "Only when its spec is at one of these ETags, whatever its status"),
    ),
    responses(
        (status = 200, description = "It is gone", body = Written, headers(("Trimtab-Index" = String, description = "The commit's position"))),
        (status = 202, description = "It is marked, and held by finalizers", body = Written, headers(("ETag" = String, description = "Its two versions"), ("Trimtab-Index" = String, description = "The commit's position"))),
        (status = 400, description = "The request cannot be read", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such entry", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Others wrote at the same moment, again and again", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "If-Match did not hold; what is there comes along", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A name breaks a rule, or there is no such finalizer", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn delete(
    State(shared): State<Arc<Shared>>,
    Path((kind, name)): Path<(String, String)>,
    Query(query): Query<DeleteQuery>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let propagation = query.propagation.map_or(Propagation::Background, Propagation::from);
    let planned = Planned {
        key: place::key(&kind, &name, query.namespace.as_deref(), query.partition.as_deref())?,
        if_match: conditions::if_match(&headers)?,
        if_none_match: conditions::if_none_match(&headers)?,
        act: Act::Delete { propagation, drop_finalizers: query.drop_finalizer },
    };
    let is_plain = planned.if_match.is_none() && planned.if_none_match.is_none() && !query.dry_run;
    if is_plain
        && let Err(ReadError::Decode(_)) = shared.store.entry(&planned.key)
        && let Some(position) = shared.store.discard(&planned.key).await?
    {
        // Nothing of it can be told.
        let (key, outcome, position) = (EntryKey::from(&planned.key), Outcome::Deleted, position.to_string());
        return Ok(answer((Written { key, outcome, position, entry: None, dry_run: false }, None)));
    }
    one(&shared, planned, query.dry_run).await
}

/// Commits one operation, and answers.
pub(super) async fn one(shared: &Shared, planned: Planned, dry_run: bool) -> Result<Response, Refusal> {
    let planned = [planned];
    let committed = settle(&shared.store, &planned, dry_run).await.map_err(Unmet::of_one)?;
    Ok(answer(written(&shared.store, &committed, &planned[0], dry_run).await?))
}

/// The key of a document, left out parts being the default.
pub(super) fn key_of(document: &Document) -> Result<Key, Refusal> {
    place::key(&document.kind, &document.name, document.namespace.as_deref(), document.partition.as_deref())
}
