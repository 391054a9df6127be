//! Round a request: its time, its panic, its count and its line in the log.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use tracing::Instrument as _;

use super::is_reading;
use crate::api::Shared;
use crate::problem::Refusal;
use crate::until::until;
use crate::wire::ProblemKind;

/// Whose 503 is an answer.
const READY: &str = "/readyz";

/// The answer to a request, whatever becomes of it.
pub(super) async fn answer(
    shared: &Arc<Shared>,
    request: Request,
    work: impl AsyncFnOnce(&Shared, Request) -> Response,
) -> Response {
    let seams = shared.store.seams();
    let begun = seams.now();
    let route =
        request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned()).unwrap_or_default();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    // A body has its own time; this is for what the store does not answer.
    let limit = shared.limits.request_time + shared.limits.drain;
    let span = tracing::debug_span!(
        "request",
        %method,
        route,
        path,
        code = tracing::field::Empty,
        otel.name = %format_args!("{method} {route}"),
        otel.kind = "server",
        otel.status_code = tracing::field::Empty,
    );
    let answered = until(seams.sleep(limit), caught(work(shared, request)).instrument(span.clone())).await;
    let response = match answered {
        Some(Ok(response)) => response,
        Some(Err(panic)) => {
            tracing::error!(%method, path, panic, "a request made the daemon panic; please report this");
            Refusal::new(ProblemKind::Internal, "this is a defect of the daemon; its log says more")
                .into_response()
        }
        None => late(shared, &method, limit).into_response(),
    };
    let (code, took) = (response.status(), seams.now() - begun);
    shared.state.traffic.answered(&route, &method, code.as_u16(), took);
    span.record("code", code.as_u16());
    if code.is_server_error() {
        span.record("otel.status_code", "ERROR");
        // Whoever balances load asks every second whether it is ready; why it is not has been said where it began.
        if route == READY {
            tracing::debug!(%method, path, code = code.as_u16(), "it is not ready");
        } else {
            tracing::warn!(%method, path, code = code.as_u16(), ?took, "a request was not done");
        }
    } else {
        tracing::debug!(%method, path, code = code.as_u16(), ?took, "a request");
    }
    response
}

/// The store does not answer. What was only to be read can be asked for again.
fn late(shared: &Shared, method: &Method, limit: Duration) -> Refusal {
    if is_reading(method) {
        return Refusal::unavailable(format!("the store has not answered within {limit:?}"));
    }
    let detail =
        format!("the store has not answered within {limit:?}; whether a write happened is not known");
    let refusal = Refusal::new(ProblemKind::UnknownOutcome, detail);
    match shared.store.position() {
        Some(position) => refusal.position(position.to_string()),
        None => refusal,
    }
}

/// The future's outcome, or what it panicked with.
async fn caught<T>(work: impl Future<Output = T>) -> Result<T, String> {
    let mut work = pin!(work);
    std::future::poll_fn(|cx| {
        // It is not polled again after a panic.
        match std::panic::catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
            Ok(Poll::Ready(done)) => Poll::Ready(Ok(done)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(panic) => {
                let text = panic.downcast_ref::<&str>().map(ToString::to_string);
                Poll::Ready(Err(text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()))
            }
        }
    })
    .await
}
