//! `GET /v1/cluster`: this replica, and how its store and its controllers stand.

use std::sync::Arc;

use axum::extract::State;
use trimtab_store::Following;

use super::times::wall_text;
use super::{Json, health};
use crate::api::Shared;
use crate::wire::{Cluster, Leadership, Replica, StoreStanding};

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
    Json(Cluster {
        answered_by: shared.replica.clone(),
        replicas: vec![replica],
        leaders: leaders(&shared),
        store: store(&shared),
    })
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

fn store(shared: &Shared) -> StoreStanding {
    let health = shared.store.health();
    let (following, error) = match health.following {
        Following::Live => ("live", None),
        Following::Reading => ("reading", None),
        Following::Retrying { error, .. } => ("retrying", Some(error.to_string())),
        _ => ("closed", None),
    };
    let snapshot = shared.store.snapshot();
    let count = |kind| shared.store.list_kind(kind).everywhere().into_iter().flatten().count();
    StoreStanding {
        description: shared.description.clone(),
        following: following.into(),
        error,
        position: health.position.map(|position| position.to_string()).unwrap_or_default(),
        entries: snapshot.kinds().into_iter().map(count).sum(),
        undecodable: health.undecodable,
        resets: health.resets,
    }
}
