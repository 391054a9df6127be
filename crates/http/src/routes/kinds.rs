//! `/v1/kinds`: which kinds there are.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;

use super::Json;
use crate::api::Shared;
use crate::wire::{KindInfo, Kinds};

/// List the kinds
///
/// Those that are declared and those that have entries, and how many.
#[utoipa::path(
    get,
    path = "/v1/kinds",
    operation_id = "listKinds",
    tag = "entries",
    responses((status = 200, description = "The kinds, by name", body = Kinds)),
)]
pub(super) async fn list(State(shared): State<Arc<Shared>>) -> Json<Kinds> {
    let snapshot = shared.store.snapshot();
    let mut kinds: BTreeMap<String, KindInfo> = BTreeMap::new();
    for declared in &shared.kinds {
        kinds.insert(declared.name.clone(), KindInfo { entries: 0, ..declared.clone() });
    }
    for kind in snapshot.kinds() {
        let entries = snapshot.list_kind(kind.clone()).everywhere().into_iter().count();
        let name = kind.to_string();
        kinds.entry(name.clone()).or_insert(KindInfo { name, plural: None, entries: 0 }).entries = entries;
    }
    Json(Kinds { items: kinds.into_values().collect(), closed: shared.kinds_closed })
}
