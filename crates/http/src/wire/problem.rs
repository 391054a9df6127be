//! Errors: RFC 9457 problem documents.

use serde::{Deserialize, Serialize};
use trimtab_store::Document;
use utoipa::ToSchema;

use super::RunBy;

/// The body of every answer from 400 on, as `application/problem+json`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Which problem it is.
    #[serde(rename = "type")]
    pub kind: ProblemKind,
    /// The same for people.
    pub title: String,
    /// The status code.
    pub status: u16,
    /// What happened here, and what to do.
    pub detail: String,
    /// The field that is wrong: `spec.port`, `limit`, `If-Match`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The bound that was passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// What was there instead of what was expected, entry by entry: with a conflict.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<crate::openapi::EntryDocument>)]
    pub found: Vec<Document>,
    /// The position up to which the entries are to be read again: with an unknown outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
    /// The replica that runs what was asked for, when it is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_by: Option<RunBy>,
    /// The nearest known name, when one was mistyped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nearest: Option<String>,
}

/// The problems that the API knows, stable names that a program may go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum ProblemKind {
    /// 400: the request cannot be read.
    #[serde(rename = "urn:trimtab:problem:malformed")]
    Malformed,
    /// 401: no token, or none that is known.
    #[serde(rename = "urn:trimtab:problem:unauthorized")]
    Unauthorized,
    /// 403: the token's role does not suffice.
    #[serde(rename = "urn:trimtab:problem:forbidden")]
    Forbidden,
    /// 403: the request came by a name, or from a web page, that this API does not go by.
    #[serde(rename = "urn:trimtab:problem:foreign-host")]
    ForeignHost,
    /// 404: there is no such path.
    #[serde(rename = "urn:trimtab:problem:no-such-path")]
    NoSuchPath,
    /// 404: there is no such entry or controller.
    #[serde(rename = "urn:trimtab:problem:not-found")]
    NotFound,
    /// 405: the path has no such method.
    #[serde(rename = "urn:trimtab:problem:method-not-allowed")]
    MethodNotAllowed,
    /// 408: the request did not come to an end in time.
    #[serde(rename = "urn:trimtab:problem:timeout")]
    Timeout,
    /// 409: a condition of a transaction, or of a draft, did not hold.
    #[serde(rename = "urn:trimtab:problem:conflict")]
    Conflict,
    /// 410: the list that `continue` belongs to is not kept any more.
    #[serde(rename = "urn:trimtab:problem:expired")]
    Expired,
    /// 412: `If-Match` or `If-None-Match` did not hold.
    #[serde(rename = "urn:trimtab:problem:precondition-failed")]
    PreconditionFailed,
    /// 413: the body is too large.
    #[serde(rename = "urn:trimtab:problem:too-large")]
    TooLarge,
    /// 415: the body is no JSON.
    #[serde(rename = "urn:trimtab:problem:unsupported-media-type")]
    UnsupportedMediaType,
    /// 421: another replica runs what was asked for; ask that one.
    #[serde(rename = "urn:trimtab:problem:misdirected")]
    Misdirected,
    /// 422: it can be read, but breaks a rule.
    #[serde(rename = "urn:trimtab:problem:invalid")]
    Invalid,
    /// 429: too many streams or pages at once.
    #[serde(rename = "urn:trimtab:problem:too-many")]
    TooMany,
    /// 431: the header is too large.
    #[serde(rename = "urn:trimtab:problem:header-too-large")]
    HeaderTooLarge,
    /// 500: a defect of the daemon.
    #[serde(rename = "urn:trimtab:problem:internal")]
    Internal,
    /// 500: whether the write happened is not known; read again.
    #[serde(rename = "urn:trimtab:problem:unknown-outcome")]
    UnknownOutcome,
    /// 503: nothing was done; try again later.
    #[serde(rename = "urn:trimtab:problem:unavailable")]
    Unavailable,
    /// 503: the daemon is stopping.
    #[serde(rename = "urn:trimtab:problem:stopping")]
    Stopping,
}
