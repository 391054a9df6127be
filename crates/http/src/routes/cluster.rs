//! `GET /v1/cluster`: this replica, and how its store and its controllers stand.

use std::sync::Arc;

use axum::extract::State;
use trimtab_store::Following;

use super::finalizers::controller_of;
use super::times::wall_text;
use super::{Json, health};
use crate::api::Shared;
use crate::wire::{Cluster, EntryKey, HeldDeletion, Leadership, Replica, StoreStanding};

/// Entries that are looked at before other requests get a turn.
const TURN: usize = 512;
/// Deletions that are named.
const HELD: usize = 100;

/// Show the replicas
///
/// In this version the one that answers, who leads what as far as it knows, and how its store stands.
#[utoipa::path(
    get,
    path = "/v1/cluster",
    operation_id = "showCluster",
    tag = "cluster",
    responses((status = 200, description = "The replicas", body = Cluster)),
)]
pub(super) async fn cluster(State(shared): State<Arc<Shared>>) -> Json<Cluster> {
    let replica = Replica {
        id: shared.replica.clone(),
        version: shared.version.clone(),
        started: wall_text(shared.started),
        api: shared.address.lock().map(|address| address.to_string()).unwrap_or_default(),
        readiness: health::readiness(&shared),
    };
    let Looked { entries, held } = look(&shared).await;
    Json(Cluster {
        answered_by: shared.replica.clone(),
        replicas: vec![replica],
        leaders: leaders(&shared),
        store: store(&shared, entries),
        held,
    })
}

/// What a look at every entry tells.
#[derive(Default)]
struct Looked {
    entries: usize,
    held: Vec<HeldDeletion>,
}

async fn look(shared: &Shared) -> Looked {
    let (snapshot, controllers) = (shared.store.snapshot(), shared.manager.controllers());
    let mut looked = Looked::default();
    for kind in snapshot.kinds() {
        for entry in snapshot.list_kind(kind).everywhere().into_iter().flatten() {
            looked.entries += 1;
            if looked.entries % TURN == 0 {
                tokio::task::yield_now().await;
            }
            if !entry.is_deleting() || looked.held.len() == HELD {
                continue;
            }
            let is_unknown = |finalizer: &&String| controller_of(finalizer, &controllers).is_none();
            let finalizers: Vec<_> = entry.finalizers().iter().filter(is_unknown).cloned().collect();
            if !finalizers.is_empty() {
                looked.held.push(HeldDeletion { key: EntryKey::from(&entry), finalizers });
            }
        }
    }
    looked
}

/// The controllers that run in one replica: held here, or waited for.
fn leaders(shared: &Shared) -> Vec<Leadership> {
    let statuses = shared.manager.controllers().into_iter().map(|controller| controller.status());
    let leased = statuses.filter(|status| status.epoch.is_some() || status.standby);
    leased
        .map(|status| Leadership {
            replica: status.epoch.map(|_| shared.replica.clone()),
            epoch: status.epoch.map(trimtab_store::Index::get),
            controller: status.name,
        })
        .collect()
}

fn store(shared: &Shared, entries: usize) -> StoreStanding {
    let health = shared.store.health();
    let (following, error) = match health.following {
        Following::Live => ("live", None),
        Following::Reading => ("reading", None),
        Following::Retrying { error, .. } => ("retrying", Some(error.to_string())),
        _ => ("closed", None),
    };
    StoreStanding {
        description: shared.description.clone(),
        following: following.into(),
        error,
        position: health.position.map(|position| position.to_string()).unwrap_or_default(),
        entries,
        undecodable: health.undecodable,
        resets: health.resets,
    }
}
