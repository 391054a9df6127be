//! `/v1/transactions`: several operations and conditions, all or nothing.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use trimtab_store::{Key, Propagation};
use utoipa::IntoParams;

use super::delete_query::Cascade;
use super::{Json, Query, entries, place, status};
use crate::api::Shared;
use crate::problem::Refusal;
use crate::wire::{Check, EntryKey, Operation, Problem, ProblemKind, Transacted, Transaction};
use crate::writing::{Act, Planned, Tags, Unmet, settle, written};

/// Whether it is only asked what would come of it.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct TransactionQuery {
    /// `true`: nothing is written; the answer tells what would come of it.
    #[serde(default)]
    dry_run: bool,
}

/// Write several entries at once
///
/// All at one position, or none: then the answer says which condition did not hold and what is there.
#[utoipa::path(
    post,
    path = "/v1/transactions",
    operation_id = "transact",
    tag = "entries",
    params(TransactionQuery),
    request_body = Transaction,
    responses(
        (status = 200, description = "All was done", body = Transacted, headers(("Trimtab-Index" = String, description = "The commit's position"))),
        (status = 400, description = "The request cannot be read", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "An entry that was to be changed is not there", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "A condition did not hold; what is there comes along", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "The body is not said to be JSON", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "It breaks a rule, or is more than one transaction may hold", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn post(
    State(shared): State<Arc<Shared>>,
    Query(query): Query<TransactionQuery>,
    Json(transaction): Json<Transaction>,
) -> Result<Response, Refusal> {
    let checks: Result<Vec<_>, _> = transaction.checks.into_iter().enumerate().map(check).collect();
    let operations = transaction.operations.into_iter().enumerate();
    let operations: Result<Vec<_>, _> = operations.map(|operation| planned(&shared, operation)).collect();
    let mut planned = checks?;
    let first = planned.len();
    planned.extend(operations?);
    let committed = settle(&shared.store, &planned, query.dry_run).await.map_err(Unmet::of_several)?;
    let mut results = Vec::new();
    let mut told: Vec<&Key> = Vec::new();
    for (nth, operation) in planned.iter().enumerate().skip(first) {
        // Several to one entry became one; a delete among them says what it is.
        if told.contains(&&operation.key) {
            continue;
        }
        told.push(&operation.key);
        let same = planned[nth..].iter().filter(|other| other.key == operation.key);
        let says = same.clone().find(|other| matches!(other.act, Act::Delete { .. })).unwrap_or(operation);
        results.push(written(&shared.store, &committed, says, query.dry_run).await?.0);
    }
    let position = committed.commit.position().to_string();
    let index = [(entries::INDEX, position.clone())];
    Ok((index, Json(Transacted { position, results, dry_run: query.dry_run })).into_response())
}

fn check((nth, check): (usize, Check)) -> Result<Planned, Refusal> {
    let at = format!("checks[{nth}]");
    let if_match = tags(check.etag.as_deref(), &format!("{at}.etag"))?;
    if check.absent == if_match.is_some() {
        return Err(Refusal::invalid(at, "must say exactly one of `etag` and `absent`"));
    }
    let if_none_match = check.absent.then_some(Tags::Any);
    Ok(Planned { key: key(&check.entry)?, act: Act::Check, if_match, if_none_match })
}

fn planned(shared: &Shared, (nth, operation): (usize, Operation)) -> Result<Planned, Refusal> {
    let at = |field: &str| format!("operations[{nth}].{field}");
    match operation {
        Operation::Put { entry, if_match, create } => {
            place::writable(shared, &entry.kind, ProblemKind::Invalid)?;
            Ok(Planned {
                key: entries::key_of(&entry)?,
                act: Act::Put(Box::new(entry)),
                if_match: tags(if_match.as_deref(), &at("put.if_match"))?,
                if_none_match: create.then_some(Tags::Any),
            })
        }
        Operation::Status { entry, status, if_match } => Ok(Planned {
            key: key(&entry)?,
            act: Act::Status(status::value(&status)?),
            if_match: tags(if_match.as_deref(), &at("status.if_match"))?,
            if_none_match: None,
        }),
        Operation::Delete { entry, if_match, propagation, drop_finalizers } => {
            let wrong = |what: String| {
                Refusal::malformed(format!("propagation: {what}")).field(at("delete.propagation"))
            };
            let cascade = propagation.as_deref().map(Cascade::parse).transpose().map_err(wrong)?;
            let propagation = cascade.map_or(Propagation::Background, Propagation::from);
            Ok(Planned {
                key: key(&entry)?,
                act: Act::Delete { propagation, drop_finalizers },
                if_match: tags(if_match.as_deref(), &at("delete.if_match"))?,
                if_none_match: None,
            })
        }
    }
}

fn key(entry: &EntryKey) -> Result<Key, Refusal> {
    place::key(&entry.kind, &entry.name, entry.namespace.as_deref(), entry.partition.as_deref())
}

fn tags(text: Option<&str>, field: &str) -> Result<Option<Tags>, Refusal> {
    let malformed = |what| Refusal::malformed(format!("{field}: {what}")).field(field);
    text.map(Tags::parse_plain).transpose().map_err(malformed)
}
