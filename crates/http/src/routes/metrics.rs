//! `/metrics`: everything that is counted, in the text format of Prometheus.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::api::Shared;

/// Tell the metrics
///
/// In the text format of Prometheus. Names and units are stable, and no label has a key's name in it.
#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "metrics",
    tag = "health",
    responses((status = 200, description = "The metrics", body = String, content_type = "text/plain; version=0.0.4")),
)]
pub(super) async fn metrics(State(shared): State<Arc<Shared>>) -> Response {
    let streams = shared.state.streams.seats.taken();
    let mut text = shared.manager.metrics_text();
    let replicas = shared.roster.as_ref().map(trimtab_runtime::Roster::replicas);
    text += &shared.state.traffic.text(streams, &shared.store.health(), replicas.as_deref());
    text += &(shared.metrics)();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}
