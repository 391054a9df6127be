//! `/healthz` and `/readyz`: whether it lives, and whether it does what it should.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use trimtab_store::Following;

use super::Json;
use crate::admission::{Caller, NOBODY};
use crate::api::Shared;
use crate::wire::Readiness;

/// Say whether the daemon lives
///
/// It does when it answers. Needs no token.
#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "healthz",
    tag = "health",
    security(()),
    responses((status = 200, description = "`ok`", body = String, content_type = "text/plain")),
)]
pub(super) async fn healthz() -> &'static str {
    "ok"
}

/// Say whether everything works
///
/// Every controller follows what it should, the store is followed, and whatever the daemon around it needs is well. Needs no token; without one the reasons are
/// left out where tokens are asked for.
#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "readyz",
    tag = "health",
    security((), ("token" = [])),
    responses(
        (status = 200, description = "Everything works", body = Readiness),
        (status = 503, description = "Something does not, and why", body = Readiness),
    ),
)]
pub(super) async fn readyz(State(shared): State<Arc<Shared>>, caller: Caller) -> Response {
    let mut readiness = readiness(&shared);
    let code = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    if !caller.is_known() {
        readiness.reasons.clear();
        // Nobody could ask with a token, so this much is told to all.
        readiness.reasons.extend(shared.tokens.let_nobody_in().then(|| NOBODY.to_owned()));
    }
    (code, Json(readiness)).into_response()
}

/// Whether everything works, and what does not.
pub(super) fn readiness(shared: &Shared) -> Readiness {
    let mut reasons = shared.manager.readiness().reasons;
    let health = shared.store.health();
    if let Some(refusing) = &health.refusing {
        reasons.push(format!("writes are refused: {}", refusing.error));
    }
    match &health.following {
        Following::Live => {}
        Following::Reading => reasons.push("the store is being read".into()),
        Following::Retrying { error, attempts, .. } => {
            let error = health.explained(error);
            reasons.push(format!("the store cannot be followed, tried {attempts} times: {error}"));
        }
        Following::Closed => reasons.push("the store is closed".into()),
        _ => reasons.push("the store is not followed".into()),
    }
    let roster = shared.roster.iter().flat_map(trimtab_runtime::Roster::reasons);
    reasons.extend(roster.map(|reason| format!("roster: {reason}")));
    reasons.extend((shared.readiness)());
    if shared.state.stopping.is_raised() {
        reasons.push("it is stopping".into());
    }
    Readiness { ready: reasons.is_empty(), reasons }
}
