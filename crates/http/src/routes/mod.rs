//! The paths of the API, a file each for what belongs together.

mod cluster;
mod conditions;
mod controllers;
mod delete_query;
mod describe;
mod enqueue;
mod entries;
mod extract;
mod finalizers;
mod given;
mod health;
mod kinds;
mod list;
mod metrics;
mod openapi;
mod peers;
mod place;
mod standing;
mod status;
mod times;
mod transactions;
mod watch;

use std::sync::Arc;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::Uri;
use utoipa::OpenApi;
use utoipa::openapi::path::{PathItem, Paths};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::Shared;
use crate::nearest::nearest;
use crate::problem::Refusal;
use crate::wire::ProblemKind;
pub(crate) use extract::{Json, Path, Query};

/// The routes with their description.
pub(crate) fn described() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::with_openapi(crate::openapi::Description::openapi())
        .routes(routes!(kinds::list))
        .routes(routes!(list::list))
        .routes(routes!(entries::read, entries::put, entries::delete))
        .routes(routes!(status::put))
        .routes(routes!(transactions::post))
        .routes(routes!(controllers::list))
        .routes(routes!(controllers::one))
        .routes(routes!(controllers::keys))
        .routes(routes!(enqueue::enqueue))
        .routes(routes!(describe::description))
        .routes(routes!(cluster::cluster))
        .routes(routes!(watch::watch))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(metrics::metrics))
        .routes(routes!(openapi::openapi))
}

/// The routes, and what is answered beside them.
pub(crate) fn router(shared: &Arc<Shared>) -> Router {
    let (router, description) = described().split_for_parts();
    let paths = Arc::new(description.paths);
    let beside = Arc::clone(&paths);
    router
        .fallback(move |uri: Uri| std::future::ready(no_such_path(&uri, &beside)))
        .method_not_allowed_fallback(move |request: Request| {
            std::future::ready(method_not_allowed(&request, &paths))
        })
        .with_state(Arc::clone(shared))
}

fn no_such_path(uri: &Uri, paths: &Paths) -> Refusal {
    let path = uri.path();
    let detail = format!("there is no `{path}`; /openapi.json lists the paths");
    let nearest = nearest(path, paths.paths.keys().map(String::as_str));
    Refusal::new(ProblemKind::NoSuchPath, detail).nearest(nearest)
}

fn method_not_allowed(request: &Request, paths: &Paths) -> Refusal {
    let path = request.extensions().get::<MatchedPath>().and_then(|path| paths.paths.get(path.as_str()));
    let has = |item: &PathItem| {
        let methods =
            [("GET", &item.get), ("PUT", &item.put), ("POST", &item.post), ("DELETE", &item.delete)];
        methods
            .into_iter()
            .filter_map(|(name, method)| method.as_ref().map(|_| name))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let methods = path.map(has).unwrap_or_default();
    let detail = format!("`{}` has no {}; it has {methods}", request.uri().path(), request.method());
    Refusal::new(ProblemKind::MethodNotAllowed, detail).allow(methods)
}
