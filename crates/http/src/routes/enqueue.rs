//! `POST /v1/controllers/{name}/enqueue`: look at these now.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use trimtab_backend::Key as EntryName;
use trimtab_runtime::{ControllerHandle, Priority, Whereabouts};
use trimtab_store::{Selector, TenancyPattern};

use super::{Json, Path, controllers, peers, standing};
use crate::api::Shared;
use crate::problem::Refusal;
use crate::wire::{Elsewhere, Enqueue, Enqueued, EntryKey};

/// Names in one call.
const NAMES: usize = 10_000;
/// Every namespace or partition.
const ALL: &str = "*";

/// Ask a controller to look at keys now
///
/// By name, by label selector, or both; with the priority of what a person waits for. A key in backoff, or terminally failed, runs too. Names need not be
/// those of entries that are there.
///
/// Only keys that run in the replica that is asked are queued. Where the controller is led by another, or one of the names is run by another, nothing is: 421 tells
/// whom to ask. Of what a selector finds, the replica's own keys are queued, and `elsewhere` tells how many are whose.
#[utoipa::path(
    post,
    path = "/v1/controllers/{name}/enqueue",
    operation_id = "enqueueKeys",
    tag = "controllers",
    params(("name" = String, Path, description = "The controller's name")),
    request_body = Enqueue,
    responses(
        (status = 200, description = "How many keys were put in line", body = Enqueued),
        (status = 404, description = "There is no controller of this name", body = crate::wire::Problem, content_type = "application/problem+json"),
        (status = 421, description = "Another replica runs it: ask the one in `run_by`. Nothing was queued", body = crate::wire::Problem, content_type = "application/problem+json"),
        (status = 422, description = "A name, the selector or their number breaks a rule", body = crate::wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn enqueue(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    Json(asked): Json<Enqueue>,
) -> Result<Json<Enqueued>, Refusal> {
    let controller = controllers::find(&shared, &name)?;
    let mut keys = named(&controller, &asked)?;
    let selector = asked.selector.as_deref().map(str::parse::<Selector>).transpose();
    let selector = selector.map_err(|error| Refusal::invalid("selector", error))?;
    let selected = match &selector {
        Some(selector) => selected(&shared, &kind(&controller, &asked)?, &asked, selector)?,
        None => Vec::new(),
    };
    if let Some(refusal) = peers::stands_by(&shared, &controller) {
        return Err(refusal);
    }
    if let Some(refusal) = peers::elsewhere(&shared, &controller, &keys) {
        return Err(refusal);
    }
    let mut others = BTreeMap::new();
    for key in selected {
        match controller.whereabouts(&key) {
            Whereabouts::Here => keys.push(key),
            other => *others.entry(other).or_default() += 1,
        }
    }
    keys.sort();
    keys.dedup();
    let enqueued = keys.len();
    controller.enqueue_with(keys, Priority::High);
    let elsewhere = others.into_iter().filter_map(|(whereabouts, keys)| {
        Some(Elsewhere { run_by: peers::run_by(&shared, &controller, whereabouts)?, keys })
    });
    let elsewhere = elsewhere.collect();
    Ok(Json(Enqueued { enqueued, elsewhere }))
}

/// The kind that is meant: the one given, or the controller's own.
fn kind(controller: &ControllerHandle, asked: &Enqueue) -> Result<String, Refusal> {
    asked.kind.clone().or_else(|| standing::kind(&controller.status())).ok_or_else(|| {
        Refusal::invalid(
            "kind",
            format!("must be given: controller `{}` has no kind of its own", controller.name()),
        )
    })
}

fn named(controller: &ControllerHandle, asked: &Enqueue) -> Result<Vec<EntryName>, Refusal> {
    if asked.names.is_empty() && asked.selector.is_none() {
        return Err(Refusal::invalid(
            "names",
            "must be given, or a `selector`; the empty selector means all",
        ));
    }
    if asked.names.len() > NAMES {
        let what = format!("may be {NAMES} in one call, not {}; send the rest in another", asked.names.len());
        return Err(Refusal::invalid("names", what).limit(NAMES as u64));
    }
    if asked.names.is_empty() {
        return Ok(Vec::new());
    }
    let kind = kind(controller, asked)?;
    let key = |name: &String| {
        let (namespace, partition) = (asked.namespace.clone(), asked.partition.clone());
        let key = EntryKey { kind: kind.clone(), name: name.clone(), namespace, partition }.to_key();
        key.validate()?;
        Ok(key)
    };
    asked.names.iter().map(key).collect()
}

/// The entries that match, also those that cannot be read: a run is how their trouble shows.
fn selected(
    shared: &Shared,
    kind: &str,
    asked: &Enqueue,
    selector: &Selector,
) -> Result<Vec<EntryName>, Refusal> {
    let home = EntryKey {
        kind: kind.into(),
        name: "any".into(),
        namespace: asked.namespace.clone().filter(|name| name != ALL),
        partition: asked.partition.clone().filter(|name| name != ALL),
    }
    .to_key();
    home.validate()?;
    let all = |name: &Option<String>| name.as_deref() == Some(ALL);
    let wanted = TenancyPattern {
        partition: (!all(&asked.partition)).then(|| home.partition().to_owned()),
        namespace: (!all(&asked.namespace)).then(|| home.namespace().to_owned()),
    };
    let mut keys = Vec::new();
    for found in shared.store.list_kind(kind).everywhere().matching(selector) {
        match found {
            Ok(entry) if wanted.matches(entry.tenancy()) => keys.push(entry.key().clone()),
            Err(trimtab_store::ReadError::Decode(error)) if wanted.matches(error.key.tenancy()) => {
                keys.push(error.key);
            }
            Ok(_) | Err(trimtab_store::ReadError::Decode(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(keys)
}
