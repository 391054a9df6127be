//! Why an entry stands where it stands: everything that is known of it, in one answer.

use std::sync::Arc;

use axum::extract::State;
use serde::Deserialize;
use trimtab_backend::Key as EntryName;
use trimtab_runtime::{ControllerHandle, KeyStatus};
use trimtab_store::{Entry, ReadError, Snapshot, Tenancy};

use utoipa::IntoParams;

use super::finalizers::controller_of;
use super::times::{Times, wall_text};
use super::{Json, Path, Query, peers, standing};
use crate::api::Shared;
use crate::problem::Refusal;
use crate::wire::{Attention, Description, EntryKey, Finalizer, OwnedBy, Run};

/// Owned entries that are named.
const OWNED: usize = 100;

/// Where the entry lies.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Where {
    /// Its namespace; left out: `default`.
    namespace: Option<String>,
    /// Its partition; left out: `default`.
    partition: Option<String>,
}

/// Describe an entry
///
/// Everything that is known of it, at one instant: what it is, who owns it, what it owns, which finalizers hold its deletion and whose they are, and for each
/// controller concerned where its key stands, why, when it runs next, and how its last runs ended. Also of an entry that is gone, while a controller still has
/// its key or remembers runs of it.
#[utoipa::path(
    get,
    path = "/v1/entries/{kind}/{name}/description",
    operation_id = "describeEntry",
    tag = "entries",
    params(("kind" = String, Path, description = "Its kind"), ("name" = String, Path, description = "Its name"), Where),
    responses(
        (status = 200, description = "What is known", body = Description),
        (status = 404, description = "Neither the entry is there, nor a key or a run of a controller", body = crate::wire::Problem, content_type = "application/problem+json"),
        (status = 422, description = "A name breaks a rule", body = crate::wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn description(
    State(shared): State<Arc<Shared>>,
    Path((kind, name)): Path<(String, String)>,
    Query(place): Query<Where>,
) -> Result<Json<Description>, Refusal> {
    let name = EntryKey { kind, name, namespace: place.namespace, partition: place.partition }.to_key();
    name.validate()?;
    let described = describe(&shared, &name)?;
    described.map(Json).ok_or_else(|| {
        let what = "and no controller has it in its queue or remembers a run of it";
        Refusal::not_found(format!("there is no {name}, {what}"))
    })
}

/// Everything that is known of a key; `None` when nothing is.
fn describe(shared: &Shared, name: &EntryName) -> Result<Option<Description>, ReadError> {
    let snapshot = shared.store.snapshot();
    let (entry, mut unreadable) = match snapshot.entry(name) {
        Ok(entry) => (entry, None),
        Err(ReadError::Decode(error)) => (None, Some(error.to_string())),
        Err(other) => return Err(other),
    };
    let document = entry
        .as_ref()
        .and_then(|entry| entry.to_document().map_err(|error| unreadable = Some(error.to_string())).ok());
    let controllers = shared.manager.controllers();
    let times = Times::new(shared.store.seams());
    let attention: Vec<_> =
        controllers.iter().filter_map(|controller| attention(shared, controller, name, times)).collect();
    let known = |one: &Attention| one.key.is_some() || !one.runs.is_empty();
    if entry.is_none() && unreadable.is_none() && !attention.iter().any(known) {
        return Ok(None);
    }
    let (owned, owned_total) = entry.as_ref().map(|entry| owned(&snapshot, entry)).unwrap_or_default();
    Ok(Some(Description {
        key: name.into(),
        position: snapshot.position().map(|position| position.to_string()).unwrap_or_default(),
        entry: document,
        unreadable,
        finalizers: entry.as_ref().map(|entry| finalizers(entry, &controllers)).unwrap_or_default(),
        owners: entry.as_ref().map(|entry| owners(&snapshot, entry)).unwrap_or_default(),
        owned,
        owned_total,
        controllers: attention,
    }))
}

/// What a controller does about a key: of its own kind always, of another when it has it in its queue or has run for it.
fn attention(
    shared: &Shared,
    controller: &ControllerHandle,
    name: &EntryName,
    times: Times,
) -> Option<Attention> {
    let status = controller.status();
    let key = controller.keys().into_iter().find(|key: &KeyStatus| key.request == *name);
    let runs: Vec<Run> = controller.runs(name).iter().map(run).collect();
    let own = status.kind.as_ref() == Some(name.kind_name());
    (own || key.is_some() || !runs.is_empty()).then(|| Attention {
        reasons: status.reasons,
        run_by: peers::run_by(shared, controller, controller.whereabouts(name)),
        key: key.map(|key| standing::key(controller, key, times)),
        runs,
        controller: status.name,
    })
}

fn run(run: &trimtab_runtime::Run) -> Run {
    Run {
        began: wall_text(run.began),
        seconds: run.took.as_secs_f64(),
        ended: run.ended.as_str().into(),
        error: run.error.clone(),
        attempt: run.attempt,
        reasons: run.reasons.clone(),
        index: run.index.get(),
        notes: run.notes.clone(),
    }
}

fn finalizers(entry: &Entry, controllers: &[ControllerHandle]) -> Vec<Finalizer> {
    let of = |finalizer: &String| Finalizer {
        controller: controller_of(finalizer, controllers),
        name: finalizer.clone(),
        holds: entry.is_deleting(),
    };
    entry.finalizers().iter().map(of).collect()
}

fn owners(snapshot: &Snapshot, entry: &Entry) -> Vec<OwnedBy> {
    let of = |owner: &trimtab_store::Owner| {
        let key = owner.key(entry.tenancy());
        // Of a kind that nobody follows nothing can be said; the cascade takes it to be there too.
        let present =
            snapshot.entry(&key).map_or(true, |there| there.is_some_and(|there| there.uid() == owner.uid));
        OwnedBy { key: EntryKey::from(&key), uid: owner.uid.to_string(), present }
    };
    entry.owners().iter().map(of).collect()
}

/// The first entries that it owns, and how many there are.
fn owned(snapshot: &Snapshot, entry: &Entry) -> (Vec<EntryKey>, usize) {
    let view = snapshot.from_tenancy(&Tenancy::default());
    let (mut named, mut total) = (Vec::new(), 0);
    for dependent in view.dependents(entry.uid()).flatten() {
        total += 1;
        if named.len() < OWNED {
            named.push(EntryKey::from(&dependent));
        }
    }
    named.sort();
    (named, total)
}
