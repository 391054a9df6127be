//! `/v1/controllers`: how controllers stand, and where their keys are.

use std::sync::Arc;

use axum::extract::State;
use serde::Deserialize;
use trimtab_runtime::ControllerHandle;
use utoipa::IntoParams;

use super::times::Times;
use super::{Json, Path, Query, standing};
use crate::api::Shared;
use crate::nearest::nearest;
use crate::problem::Refusal;
use crate::wire::{Controller, KeyState, Keys};

/// Keys told when nothing else is said.
const KEYS: usize = 500;
/// Keys told at most.
const MOST: usize = 5000;

/// Which keys.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct KeysQuery {
    /// Only keys in these states, separated by commas: `ready,running,deferred,failing`. Left out: all.
    state: Option<String>,
    /// At most so many; default 500, at most 5,000.
    limit: Option<usize>,
}

/// List the controllers
///
/// In the order they were added; each store's owner cascade, `trimtab.owners`, stands before its first controller.
#[utoipa::path(
    get,
    path = "/v1/controllers",
    operation_id = "listControllers",
    tag = "controllers",
    responses((status = 200, description = "How each stands", body = Vec<Controller>)),
)]
pub(super) async fn list(State(shared): State<Arc<Shared>>) -> Json<Vec<Controller>> {
    Json(shared.manager.controllers().iter().map(|one| standing::controller(&shared, one)).collect())
}

/// Show a controller
#[utoipa::path(
    get,
    path = "/v1/controllers/{name}",
    operation_id = "showController",
    tag = "controllers",
    params(("name" = String, Path, description = "Its name")),
    responses(
        (status = 200, description = "How it stands", body = Controller),
        (status = 404, description = "There is none of this name", body = crate::wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn one(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
) -> Result<Json<Controller>, Refusal> {
    Ok(Json(standing::controller(&shared, &find(&shared, &name)?)))
}

/// Show the keys of a controller
///
/// Each key in one state: since when, why, when it runs next, what it failed with last. A key that is in none of the states costs nothing and is not listed; nor is
/// one that another replica runs, see `run_by` and `share` of the controller.
#[utoipa::path(
    get,
    path = "/v1/controllers/{name}/keys",
    operation_id = "listKeys",
    tag = "controllers",
    params(("name" = String, Path, description = "The controller's name"), KeysQuery),
    responses(
        (status = 200, description = "The keys, by name", body = Keys),
        (status = 404, description = "There is no controller of this name", body = crate::wire::Problem, content_type = "application/problem+json"),
        (status = 422, description = "The query breaks a rule", body = crate::wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn keys(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    Query(query): Query<KeysQuery>,
) -> Result<Json<Keys>, Refusal> {
    let controller = find(&shared, &name)?;
    let states = states(query.state.as_deref())?;
    let limit = query.limit.unwrap_or(KEYS);
    if !(1..=MOST).contains(&limit) {
        return Err(Refusal::invalid("limit", format!("must be between 1 and {MOST}, not {limit}")));
    }
    let times = Times::new(shared.store.seams());
    let mut keys = controller.keys();
    keys.retain(|key| states.contains(&standing::state(key.state)));
    let total = keys.len();
    let items = keys.into_iter().take(limit).map(|key| standing::key(&controller, key, times)).collect();
    Ok(Json(Keys { items, total }))
}

/// The controller of this name, or what to say instead.
pub(super) fn find(shared: &Shared, name: &str) -> Result<ControllerHandle, Refusal> {
    shared.manager.controller(name).ok_or_else(|| {
        let known: Vec<_> = shared.manager.controllers().iter().map(ControllerHandle::name).collect();
        let nearest = nearest(name, known.iter().map(|name| &**name));
        Refusal::not_found(format!("there is no controller `{name}`; GET /v1/controllers lists them"))
            .nearest(nearest)
    })
}

fn states(text: Option<&str>) -> Result<Vec<KeyState>, Refusal> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(KeyState::ALL.to_vec()) };
    let read = |word: &str| {
        let word = word.trim();
        KeyState::ALL.into_iter().find(|state| state.as_str() == word).ok_or_else(|| {
            let what = format!("`{word}` is none of ready, running, deferred, failing");
            Refusal::invalid("state", what).nearest(nearest(word, KeyState::ALL.map(KeyState::as_str)))
        })
    };
    text.split(',').map(read).collect()
}
