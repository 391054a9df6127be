//! Everything that is asked of a request before a route sees it, and of its answer after.
//!
//! The order: which name it came by, which page sent it, who asks. Time, panics and counting lie around all of it.

mod caller;
mod origin;
mod watched;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

pub(crate) use caller::Caller;

use crate::api::Shared;
use crate::auth::{Access, Role};
use crate::problem::Refusal;
use crate::wire::ProblemKind;

/// Paths that tell nothing worth a token.
const OPEN: [&str; 2] = ["/healthz", "/readyz"];

/// Said when no token is known: nobody who asks could do better.
pub(crate) const NOBODY: &str = "no token is accepted at present; the daemon's log says why";

/// The middleware round all routes.
pub(crate) async fn admit(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    watched::answer(&shared, request, async |shared, request| match admitted(shared, request) {
        Ok(request) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    })
    .await
}

const fn is_reading(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// The request, with who asks, if it may go on.
fn admitted(shared: &Shared, mut request: Request) -> Result<Request, Refusal> {
    if shared.state.stopping.is_raised() {
        return Err(Refusal::stopping("the daemon is stopping; ask again in a moment"));
    }
    origin::check(shared, &request)?;
    let mut authorizations = request.headers().get_all(header::AUTHORIZATION).iter();
    let authorization = authorizations.next().map(axum::http::HeaderValue::as_bytes);
    if authorizations.next().is_some() {
        let detail = "the header `authorization` is given twice; whose request is it?";
        return Err(Refusal::malformed(detail).field("Authorization"));
    }
    let access = shared.tokens.access(authorization);
    let is_open = OPEN.contains(&request.uri().path());
    let writes = !is_reading(request.method());
    match &access {
        Access::Known(Role::Read, name) if writes => {
            let detail = format!("the token of `{name}` may only look; this needs one of the role `write`");
            return Err(Refusal::new(ProblemKind::Forbidden, detail).field("Authorization"));
        }
        Access::Open | Access::Known(..) => {}
        _ if is_open => {}
        Access::Missing | Access::Wrong if shared.tokens.let_nobody_in() => {
            return Err(Refusal::new(ProblemKind::Unauthorized, NOBODY).field("Authorization"));
        }
        Access::Missing => {
            let detail = "give one: `Authorization: Bearer TOKEN` (`trimtab --token-file FILE`)";
            return Err(Refusal::new(ProblemKind::Unauthorized, detail).field("Authorization"));
        }
        Access::Wrong => {
            let detail = "the token that was given is not known, or not any more";
            return Err(Refusal::new(ProblemKind::Unauthorized, detail).field("Authorization"));
        }
    }
    if shared.opening && !is_open {
        let why = (shared.readiness)().join("; ");
        return Err(Refusal::unavailable(format!("the store is not open yet: {why}")));
    }
    request.extensions_mut().insert(Caller::of(&access));
    Ok(request)
}
