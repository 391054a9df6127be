//! The conditions in a request's header.

use axum::http::{HeaderMap, HeaderName, header};

use crate::problem::Refusal;
use crate::writing::Tags;

/// What `If-Match` lists.
pub(super) fn if_match(headers: &HeaderMap) -> Result<Option<Tags>, Refusal> {
    tags(headers, &header::IF_MATCH, "If-Match")
}

/// What `If-None-Match` lists.
pub(super) fn if_none_match(headers: &HeaderMap) -> Result<Option<Tags>, Refusal> {
    tags(headers, &header::IF_NONE_MATCH, "If-None-Match")
}

/// A header that is sent twice is one list.
fn tags(headers: &HeaderMap, name: &HeaderName, field: &str) -> Result<Option<Tags>, Refusal> {
    let malformed = |what: String| Refusal::malformed(format!("{field}: {what}")).field(field);
    let mut lines = Vec::new();
    for line in headers.get_all(name) {
        lines.push(line.to_str().map_err(|_| malformed("it holds bytes that no header may".into()))?);
    }
    if lines.is_empty() {
        return Ok(None);
    }
    Tags::parse(&lines.join(", ")).map(Some).map_err(malformed)
}
