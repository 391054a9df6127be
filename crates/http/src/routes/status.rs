//! `/v1/entries/{kind}/{name}/status`: the status alone.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use super::place::{self, WritePlace};
use super::{Json, Path, Query, conditions, entries};
use crate::api::Shared;
use crate::problem::Refusal;
use crate::wire::{Problem, StatusDocument, Written};
use crate::writing::{Act, Planned};

/// Replace the status of an entry
///
/// As a whole. With `If-Match` both versions are compared, the spec's and the status'.
#[utoipa::path(
    put,
    path = "/v1/entries/{kind}/{name}/status",
    operation_id = "putStatus",
    tag = "entries",
    params(
        ("kind" = String, Path, description = "Its kind"),
        ("name" = String, Path, description = "Its name, percent-encoded"),
        WritePlace,
        ("If-Match" = Option<String>, Header, description = "Only when spec and status are at one of these ETags"),
    ),
    request_body = StatusDocument,
    responses(
        (status = 200, description = "It is the status", body = Written, headers(("ETag" = String, description = "Its two versions"), ("Trimtab-Index" = String, description = "The commit's position"))),
        (status = 400, description = "The request cannot be read", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such entry", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Others wrote at the same moment, again and again", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "If-Match did not hold; what is there comes along", body = Problem, content_type = "application/problem+json"),
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
    Json(document): Json<StatusDocument>,
) -> Result<Response, Refusal> {
    let planned = Planned {
        key: place::key(&kind, &name, at.namespace.as_deref(), at.partition.as_deref())?,
        if_match: conditions::if_match(&headers)?,
        if_none_match: conditions::if_none_match(&headers)?,
        act: Act::Status(value(&document.status)?),
    };
    entries::one(&shared, planned, at.dry_run).await
}

/// A status as a value.
pub(super) fn value(status: &serde_json::value::RawValue) -> Result<serde_json::Value, Refusal> {
    Ok(trimtab_store::read_payload("status", status.get())?)
}
