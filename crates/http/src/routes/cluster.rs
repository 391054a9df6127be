//! `GET /v1/cluster`: the replicas, what they lead and share, and how the store stands.

use std::sync::Arc;

use axum::extract::State;
use trimtab_runtime::{ControllerStatus, Placement, ReplicaStatus, Sharded};
use trimtab_store::{Following, Index};

use super::finalizers::controller_of;
use super::times::wall_text;
use super::{Json, health, peers};
use crate::api::Shared;
use crate::wire::{
    Cluster, EntryKey, HeldDeletion, Leadership, Replica, ReplicaState, ShardMember, Shards, StoreStanding,
};

/// Deletions that are named.
const HELD: usize = 100;

/// Show the replicas
///
/// As the one that answers sees them: who is there, who leads what under which epoch, who runs which share, and how the store stands. Over a store that only one can
/// use there is one replica, the one that answers. A replica that dies is told as silent within the time of its lease; one that has just started, or could not reach the
/// store, hears the others for that long before it says so.
#[utoipa::path(
    get,
    path = "/v1/cluster",
    operation_id = "showCluster",
    tag = "cluster",
    responses((status = 200, description = "The replicas", body = Cluster)),
)]
pub(super) async fn cluster(State(shared): State<Arc<Shared>>) -> Json<Cluster> {
    let statuses: Vec<_> =
        shared.manager.controllers().iter().map(trimtab_runtime::ControllerHandle::status).collect();
    Json(Cluster {
        answered_by: shared.name.clone(),
        replicas: replicas(&shared),
        leaders: statuses.iter().filter_map(|status| leadership(&shared, status)).collect(),
        shards: statuses.iter().filter_map(shards).collect(),
        store: store(&shared),
        held: held(&shared),
    })
}

fn replicas(shared: &Shared) -> Vec<Replica> {
    let readiness = health::readiness(shared);
    match &shared.roster {
        Some(roster) => {
            let own = |status: &ReplicaStatus| (status.id == shared.id).then(|| readiness.clone());
            roster
                .replicas()
                .into_iter()
                .map(|status| Replica { readiness: own(&status), ..replica(status) })
                .collect()
        }
        None => vec![Replica {
            name: shared.name.clone(),
            id: shared.id.clone(),
            state: ReplicaState::Alive,
            version: shared.version.clone(),
            started: wall_text(shared.started),
            api: shared.address.lock().map(|address| address.to_string()),
            readiness: Some(readiness),
        }],
    }
}

fn replica(ReplicaStatus { id, replica, state, .. }: ReplicaStatus) -> Replica {
    let trimtab_runtime::Replica { name, version, started, api } = replica;
    let state = match state {
        trimtab_runtime::ReplicaState::Alive => ReplicaState::Alive,
        trimtab_runtime::ReplicaState::Silent => ReplicaState::Silent,
        _ => ReplicaState::Unknown,
    };
    Replica { name, id, state, version, started: started.to_string(), api, readiness: None }
}

fn leadership(shared: &Shared, status: &ControllerStatus) -> Option<Leadership> {
    let (replica, epoch) = peers::leader(shared, status)?;
    Some(Leadership { controller: status.name.clone(), replica, epoch: epoch.map(Index::get) })
}

fn shards(status: &ControllerStatus) -> Option<Shards> {
    let Placement::Sharded(Sharded { group, .. }) = &status.placement else { return None };
    let shard = status.shard.as_ref();
    let members = shard.map(|shard| &shard.members[..]).unwrap_or_default().iter();
    let mut members: Vec<_> = members
        .map(|member| ShardMember {
            replica: member.holder.clone(),
            epoch: member.epoch.get(),
            adopted: member.adopted.map(Index::get),
            share: member.share,
        })
        .collect();
    members.sort_by(|a, b| (&a.replica, a.epoch).cmp(&(&b.replica, b.epoch)));
    Some(Shards {
        controller: status.name.clone(),
        group: group.clone(),
        version: shard.and_then(|shard| shard.version).map(Index::get),
        settled: shard.is_some_and(|shard| shard.settled),
        members,
    })
}

/// The first deletions that nobody here will let go.
fn held(shared: &Shared) -> Vec<HeldDeletion> {
    let (snapshot, controllers) = (shared.store.snapshot(), shared.manager.controllers());
    let deleting = shared.store.deleting();
    let held = deleting.iter().filter_map(|key| {
        let entry = snapshot.entry(key).ok().flatten().filter(trimtab_store::Entry::is_deleting)?;
        let is_unknown = |finalizer: &&String| controller_of(finalizer, &controllers).is_none();
        let finalizers: Vec<_> = entry.finalizers().iter().filter(is_unknown).cloned().collect();
        (!finalizers.is_empty()).then(|| HeldDeletion { key: EntryKey::from(&entry), finalizers })
    });
    held.take(HELD).collect()
}

fn store(shared: &Shared) -> StoreStanding {
    let health = shared.store.health();
    let (following, error) = match &health.following {
        Following::Live => ("live", None),
        Following::Reading => ("reading", None),
        Following::Retrying { error, .. } => ("retrying", Some(health.explained(error))),
        _ => ("closed", None),
    };
    StoreStanding {
        description: shared.description.clone(),
        following: following.into(),
        error,
        position: health.position.map(|position| position.to_string()).unwrap_or_default(),
        entries: health.entries,
        undecodable: health.undecodable,
        resets: health.resets,
    }
}
