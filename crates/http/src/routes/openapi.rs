//! `/openapi.json`: the description of the API.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::{IntoResponse, Response};

static TEXT: LazyLock<String> = LazyLock::new(crate::openapi::text);

/// Describe the API
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "openapi",
    tag = "health",
    responses((status = 200, description = "An OpenAPI 3.1 document", body = Object)),
)]
pub(super) async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], TEXT.as_str()).into_response()
}
